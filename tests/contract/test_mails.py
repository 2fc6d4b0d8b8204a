"""Mails that come back, on both databases: matched by signed names, each once, with all that follows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engage.delivery.identity import SignedIdentity
from engage.feedback import Feedback, Taken
from engage.feedback.guarding import Guard
from engage.feedback.mails import Mails, MailTaken
from engage.model.history import Kind, Touch
from engage.model.tokens import TokenPayload, sign
from engage.store.database import Database
from engage.store.feedback.guarding import SqlTallies
from engage.store.feedback.responses import SqlFeedback
from engage.store.rows.rows import add_touches
from tests.engine import Works
from tests.small import SETTINGS, small_workspace
from tests.unit.feedback.samples import NO_BOUNCES, PROSE_CASES, RETURNED, complaint, letter, mail, recipient, report

WRITTEN = "0123456789abcdef0123"
"""The mark of the samples, in place of which the delivery's own is put."""

FALLBACK = """\
title: By SMS where mail bounces
purpose: service
status: live
trigger: {event: ticket.closed}
steps:
  - send: birthday
    channels: {first: [email, sms], fallback_after: 1d, unless: delivered}
"""
REPLIED = "title: Thank you\npurpose: service\nstatus: live\ntrigger: {event: message.replied}\nsend: thanks\nchannels: [sms]\n"
FILES = {
    "campaigns/fallback.yaml": FALLBACK, "campaigns/replied.yaml": REPLIED, "templates/thanks/sms.txt": "Thank you!\n",
    "campaigns/follow_up.yaml": None,
}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """Ana got a mail."""
    works = Works(database, small_workspace(None, **FILES))
    works.know("ana", phone="+38640123456")
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == ["ana@example.com"]
    yield works
    works.close()


def identity(works: Works) -> SignedIdentity:
    return SignedIdentity(secret=works.database.secret(), domain="a.example")


def signed(works: Works, raw: bytes) -> bytes:
    """The sample with the name of Ana's mail, as we sign it."""
    (sent,) = works.touches(Kind.SENT)[:1]
    _, key = identity(works).names(sent.delivery_id or 0)
    return raw.replace(f"d7.{WRITTEN}".encode(), key.encode())


def take(works: Works, raw: bytes, *recipients: str, later: timedelta = timedelta(0)) -> MailTaken:
    now = works.clock.now() + later
    feedback = Feedback(SqlFeedback(works.database, workspace=lambda: works.workspace), workspace=lambda: works.workspace)
    mails = Mails(
        feedback, delivery_of=identity(works).delivery_of, secret=works.database.secret(), unsubscribe_at=lambda: {"bye+{id}@news.example"}
    )
    return mails.take(raw, recipients=recipients, now=now)


def reasons(works: Works) -> list[str]:
    return [line.reason for line in works.suppressions.suppressed()]


HARD = report("Failed.", recipient("5.1.1", "550 5.1.1 user unknown"))


def test_a_hard_bounce_suppresses_the_address_and_the_next_channel_takes_over(works: Works) -> None:
    raw = signed(works, HARD)
    assert [take(works, raw).fate for _ in range(3)] == [Taken.NEW, Taken.KNOWN, Taken.KNOWN]
    (touch,) = works.touches(Kind.BOUNCED)
    assert (touch.reason, touch.detail["bounce"], touch.message) == ("5.1.1", "hard", "birthday")
    assert reasons(works) == ["hard_bounce"]
    works.play(works.clock.now() + timedelta(minutes=2))
    assert works.sent() == ["ana@example.com", "+38640123456"]


def test_what_was_delivered_needs_no_next_channel(works: Works) -> None:
    assert take(works, signed(works, report("Delivered.", recipient("2.1.5", action="delivered")))).fate is Taken.NEW
    works.play(works.clock.now() + timedelta(days=2))
    assert works.sent() == ["ana@example.com"]


@pytest.mark.parametrize("where", ["envelope", "returned", "references"])
def test_the_message_is_known_by_the_envelope_by_what_is_returned_or_by_what_is_answered(works: Works, where: str) -> None:
    (sent,) = works.touches(Kind.SENT)
    message_id, key = identity(works).names(sent.delivery_id or 0)
    bare = HARD.replace(f"d7.{WRITTEN}".encode(), b"gone")
    match where:
        case "envelope":
            taken = take(works, bare, f"BOUNCES+{key.upper()}@news.example")
        case "returned":
            taken = take(works, bare.replace(RETURNED[:9].encode(), f"Message-ID: {message_id}\nReceived:".encode(), 2))
        case _:
            taken = take(works, bare.replace(b"MIME-Version", f"References: <x@y> {message_id}\nMIME-Version".encode(), 1))
    assert (taken.what, taken.delivery_id, taken.fate) == ("bounced", sent.delivery_id, Taken.NEW)


def test_nobody_can_forge_the_name_of_somebody_elses_message(works: Works) -> None:
    (sent,) = works.touches(Kind.SENT)
    guessed = HARD.replace(b"d7.", f"d{sent.delivery_id}.".encode())
    assert take(works, guessed) == MailTaken(what="bounced", code="5.1.1")
    assert take(works, HARD.replace(f"d7.{WRITTEN}".encode(), b"7")).fate is None
    assert reasons(works) == []


def test_a_complaint_suppresses_and_withdraws(works: Works) -> None:
    assert take(works, signed(works, complaint("abuse"))).what == "complained"
    assert reasons(works) == ["complaint"]
    assert [touch.purpose for touch in works.touches(Kind.CONSENT_WITHDRAWN)] == ["service"]


def test_a_refusal_of_ours_suppresses_nobody_and_is_told(works: Works) -> None:
    assert take(works, signed(works, report("No.", recipient("5.7.1", "550 5.7.1 blocked: spam")))).fate is Taken.NEW
    assert reasons(works) == []
    assert [touch.detail["bounce"] for touch in works.touches(Kind.BOUNCED)] == ["blocked"]


def test_a_delay_is_nothing_yet(works: Works) -> None:
    (case, raw) = next((case, raw) for case, raw in PROSE_CASES if case[0] == "exim warning")
    taken = take(works, signed(works, raw))
    assert (taken.what, taken.fate, case[1].value) == ("delayed", None, "delayed")
    assert works.touches(Kind.BOUNCED) == []


def test_an_answer_is_a_touch_and_an_event_and_an_absence_note_is_neither(works: Works) -> None:
    answer = signed(works, NO_BOUNCES["reply"]).replace(b"MIME-Version", b"Message-ID: <a1@reader.example>\nMIME-Version", 1)
    assert take(works, signed(works, NO_BOUNCES["absence"])).what == "automatic"
    works.play(works.clock.now() + timedelta(minutes=1))
    assert works.sent() == ["ana@example.com"]
    assert [take(works, answer).fate for _ in range(2)] == [Taken.NEW, Taken.KNOWN]
    machine, touch = works.touches(Kind.REPLIED)
    assert (machine.detail.get("machine"), touch.detail.get("machine"), touch.message) == (True, None, "birthday")
    works.play(works.clock.now() + timedelta(minutes=2))
    assert works.sent() == ["ana@example.com", "+38640123456"]


@pytest.mark.parametrize("by", ["token", "address"])
def test_a_mail_unsubscribes_by_the_links_token_or_by_the_address(works: Works, by: str) -> None:
    (sent,) = works.touches(Kind.SENT)
    token = sign(works.database.secret(), "u", TokenPayload(delivery_id=sent.delivery_id or 0, contact_id=sent.contact_id or 0))
    _, key = identity(works).names(sent.delivery_id or 0)
    raw = letter("", sender="Ana <ana@example.com>", subject=f"unsubscribe {token if by == 'token' else ''}")
    to = ["hello@news.example"] if by == "token" else [f"bye+{key}@news.example"]
    assert [take(works, raw.replace(f"d7.{WRITTEN}".encode(), b"x"), *to).fate for _ in range(2)] == [Taken.NEW, Taken.KNOWN]
    assert [touch.channel for touch in works.touches(Kind.CONSENT_WITHDRAWN)] == ["email"]


def test_a_forged_token_unsubscribes_nobody_and_other_mail_is_nobodys(works: Works) -> None:
    forged = letter("", sender="Eve <eve@x.example>", subject=f"unsubscribe {'A' * 44}").replace(f"d7.{WRITTEN}".encode(), b"x")
    assert take(works, forged) == MailTaken(what="other")
    assert take(works, mail("hello", subject="hello").replace(f"d7.{WRITTEN}".encode(), b"x")) == MailTaken(what="other")
    assert works.touches(Kind.CONSENT_WITHDRAWN) == []


def test_a_bounce_that_is_weeks_late_counts_still_and_changes_nothing_that_is_past(works: Works) -> None:
    works.play(works.clock.now() + timedelta(days=2))
    assert works.sent() == ["ana@example.com", "+38640123456"]
    raw = signed(works, HARD)
    assert [take(works, raw, later=timedelta(days=40)).fate for _ in range(2)] == [Taken.NEW, Taken.KNOWN]
    works.play(works.clock.now() + timedelta(days=1))
    assert works.sent() == ["ana@example.com", "+38640123456"]
    assert reasons(works) == ["hard_bounce"]


def test_a_campaign_stops_by_the_bounces_that_come_by_mail(works: Works) -> None:
    files = small_workspace(None, **{**FILES, "engage.yaml": SETTINGS + "guards: {stop_at: {bounces: 5%}}\n"})
    guard = Guard(SqlTallies(works.database), workspace=lambda: files)
    before = {Kind.SENT: range(1000, 1099), Kind.BOUNCED: range(1000, 1004)}
    with works.database.begin() as connection:
        add_touches(connection, [
            Touch(at=works.clock.now(), contact_id=1, kind=kind, campaign="fallback", delivery_id=each)
            for kind, ids in before.items() for each in ids
        ])
    assert guard.look(now=works.clock.now()) == []
    take(works, signed(works, HARD))
    assert [stopped.campaign for stopped in guard.look(now=works.clock.now())] == ["fallback"]


def test_three_full_mailboxes_in_thirty_days_suppress(works: Works) -> None:
    full = report("Full.", recipient("4.2.2", "452 4.2.2 mailbox full"))
    for number in range(3):
        if number:
            works.happen("ticket.closed", "ana", ticket_id=f"T-{number}", id=f"again-{number}")
            works.play(works.clock.now() + timedelta(minutes=1))
        sent = [touch for touch in works.touches(Kind.SENT) if touch.channel == "email"][-1]
        _, key = identity(works).names(sent.delivery_id or 0)
        assert reasons(works) == []
        take(works, full.replace(f"d7.{WRITTEN}".encode(), key.encode()), later=timedelta(hours=number))
    assert reasons(works) == ["mailbox_full"]
