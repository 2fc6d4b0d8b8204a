"""What people decide of deliveries that failed or are unknown: once each, through the whole decision, with a touch that says who."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from engage.delivery.reviewing import ILL, Choice, EndedIll, Order, Verdict, review
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import DeliveryState
from engage.model.errors import Rejected, Unconfirmed
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.delivery.reviewing import SqlIllEnded
from engage.store.feedback.letters import SqlLetters
from tests.contract.store_benches import at_once
from tests.engine import MONDAY, Works
from tests.small import small_workspace

STEPS = """\
title: How did we do?
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
exit:
  event: ticket.reopened
  where: event.ticket_id == trigger.ticket_id
steps:
"""
ONE = STEPS + "  - {send: csat, channels: [email]}\n"
ON = STEPS + "  - {send: csat, channels: [email]}\n  - wait: 3d\n  - {send: csat, channels: [email], id: later}\n"
BOTH = STEPS + "  - {send: csat, channels: {all: [email, sms]}}\n  - {send: csat, channels: [email], id: later}\n"
LOST = Unconfirmed("no answer after the content")


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**{"campaigns/follow_up.yaml": ONE, "campaigns/birthday.yaml": None}), at=MONDAY)
    made.know("ana", "bor", phone="+38640123456")
    yield made
    made.close()


def come_to(works: Works, error: Exception, *labels: str, campaign: str = ONE) -> None:
    """Close a ticket of each, whose message ends so."""
    if campaign is not ONE:
        works.accept(small_workspace(**{"campaigns/follow_up.yaml": campaign, "campaigns/birthday.yaml": None}))
    works.channels["email"].fail(error, times=len(labels))
    for label in labels:
        works.happen("ticket.closed", label, id=f"closed-{label}", ticket_id=label)
    works.settle()


def decide(works: Works, verdict: Verdict = Verdict.AGAIN, *, expires_in: timedelta | None = None, **chosen: Any) -> list[str | None]:
    """The order, carried out; what was objected to for each."""
    now = works.clock.now()
    order = Order(verdict=verdict, by="ops@desk", now=now, expires_at=None if expires_in is None else now + expires_in)
    return [each.objection for each in review(SqlIllEnded(works.database), Choice(**chosen), order, carry_out=True)]


def ended(works: Works, **chosen: Any) -> Sequence[EndedIll]:
    return SqlIllEnded(works.database).find(Choice(**chosen))


def test_they_are_found_by_each_filter_with_what_the_history_knows_of_them(works: Works) -> None:
    come_to(works, LOST, "ana")
    works.clock.move(MONDAY + timedelta(hours=1))
    come_to(works, Rejected("no", code="550"), "bor")
    unknown, failed = ended(works)
    assert (unknown.state, unknown.contact, unknown.reason, unknown.channel, unknown.provider, unknown.at) == (
        DeliveryState.UNKNOWN, "ana", "unconfirmed", "email", "console", MONDAY,
    )
    assert (failed.state, failed.contact, failed.reason) == (DeliveryState.FAILED, "bor", "rejected")
    bor = works.people.find("bor")
    assert bor is not None
    for chosen in (
        {"states": (DeliveryState.FAILED,)}, {"ids": (failed.id,)}, {"reason": "rejected"}, {"contact_id": bor.id},
        {"since": MONDAY + timedelta(minutes=1)}, {"until": MONDAY + timedelta(hours=2), "since": MONDAY + timedelta(hours=1)},
    ):
        assert [each.id for each in ended(works, **chosen)] == [failed.id], chosen
    for name in ("campaign", "message", "channel", "provider", "reason"):
        assert ended(works, **{name: "nothing"}) == []
    alike = {"campaign": "follow_up", "message": "csat", "channel": "email", "provider": "console"}
    assert len(ended(works, until=MONDAY + timedelta(days=1), **alike)) == 2


@pytest.mark.parametrize(("error", "was"), [(LOST, "unknown"), (Rejected("no", code="550"), "failed")])
def test_one_sent_again_is_the_same_message_and_its_touches_say_who_decided(works: Works, error: Exception, was: str) -> None:
    come_to(works, error, "ana")
    assert decide(works) == [None]
    works.settle()
    first, second = works.channels["email"].tried
    assert (first.message_id, first.idempotency_key) == (second.message_id, second.idempotency_key)
    assert [touch.kind for touch in works.touches(Kind(was), Kind.DEFERRED, Kind.SENT)] == [Kind(was), Kind.DEFERRED, Kind.SENT]
    (told,) = works.touches(Kind.DEFERRED)
    assert (told.reason, told.detail["by"], told.detail["was"]) == ("retry", "ops@desk", was)
    assert ended(works) == []


def test_decided_by_ten_people_at_once_it_is_sent_again_once(works: Works) -> None:
    come_to(works, LOST, "ana", "bor")
    objections = at_once(10, lambda _: decide(works))
    assert [each for many in objections for each in many].count(None) == 2
    assert decide(works) == []
    works.settle()
    assert sorted(works.sent()) == ["ana@example.com", "bor@example.com"]
    assert len(works.channels["email"].tried) == 4


@pytest.mark.parametrize(("error", "ends_as"), [(LOST, Kind.UNKNOWN), (Rejected("no", code="550"), Kind.SUPPRESSED)])
def test_it_goes_through_the_whole_decision_again(works: Works, error: Exception, ends_as: Kind) -> None:
    """Of one that may have gone before nobody can say that it was suppressed."""
    come_to(works, error, "ana")
    ana = works.people.find("ana")
    assert ana is not None
    no = Consent(contact_id=ana.id, purpose="care", channel=ChannelKind.EMAIL, granted=False, at=works.clock.now(), source="link")
    works.ledger.record([no])
    assert decide(works) == [None]
    works.settle()
    assert works.sent() == []
    assert works.touches(ends_as)[-1].reason == "no_consent"


def test_in_quiet_hours_it_is_put_off_as_any_other_though_its_run_has_ended(works: Works) -> None:
    come_to(works, LOST, "ana")
    works.clock.move(MONDAY.replace(hour=22))
    assert decide(works) == [None]
    works.settle()
    retried, put_off = works.touches(Kind.DEFERRED)
    assert (retried.reason, put_off.reason) == ("retry", "quiet_hours")
    letter = SqlLetters(works.database, workspace=lambda: works.workspace).letter(put_off.delivery_id or 0)
    assert letter is not None, "the links of the copy that may have arrived lead nowhere"
    assert (letter.channel, letter.handed_over_at) == ("email", MONDAY)
    works.play(MONDAY + timedelta(days=1))
    assert works.sent() == ["ana@example.com"]


def test_an_expired_one_is_refused_unless_it_gets_a_new_expiry(works: Works) -> None:
    come_to(works, LOST, "ana")
    works.clock.move(MONDAY + timedelta(days=8))
    assert decide(works) == ["expired"]
    assert decide(works, expires_in=timedelta(hours=1)) == [None]
    works.settle()
    assert works.sent() == ["ana@example.com"]


@pytest.mark.parametrize(("verdict", "kind"), [(Verdict.SENT, Kind.SENT), (Verdict.FAILED, Kind.FAILED)])
def test_an_unknown_one_is_written_as_what_people_know_and_nothing_is_sent(works: Works, verdict: Verdict, kind: Kind) -> None:
    come_to(works, LOST, "ana")
    assert decide(works, verdict) == [None]
    works.settle()
    assert len(works.channels["email"].tried) == 1
    (told,) = works.touches(kind)
    assert (told.reason, told.channel, told.detail["by"], told.detail["was"]) == ("decided", "email", "ops@desk", "unknown")
    if kind is Kind.SENT:
        assert told.private["subject"] == "How did we do?"
        assert ended(works) == []


def test_a_failed_one_is_known_to_have_failed(works: Works) -> None:
    come_to(works, Rejected("no", code="550"), "ana")
    assert decide(works, Verdict.SENT) == ["not unknown"]
    assert [each.state for each in ended(works)] == [DeliveryState.FAILED]


def test_unknown_again_it_waits_for_people_again(works: Works) -> None:
    come_to(works, LOST, "ana")
    works.channels["email"].fail(LOST, times=1)
    assert decide(works) == [None]
    works.settle()
    assert [each.state for each in ended(works)] == [DeliveryState.UNKNOWN]


def test_one_that_used_up_its_attempts_has_all_of_them_again(works: Works) -> None:
    come_to(works, Rejected("no", code="550"), "ana")
    with works.database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET attempts = 78, tried = '[\"email\"]'")
    assert decide(works) == [None]
    works.settle()
    assert works.sent() == ["ana@example.com"]


def test_its_run_goes_on_where_it_was_and_is_told_nothing(works: Works) -> None:
    come_to(works, LOST, "ana", campaign=ON)
    works.clock.move(MONDAY + timedelta(days=1))
    assert decide(works) == [None]
    works.settle()
    works.play(MONDAY + timedelta(days=4))
    assert [touch.at for touch in works.touches(Kind.SENT)] == [MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)]
    assert len(works.touches(Kind.FINISHED)) == 1


def test_a_run_that_still_waits_for_all_of_its_channels_waits_for_it_too(works: Works) -> None:
    works.operations.pause("channel", "sms", now=works.clock.now())
    come_to(works, LOST, "ana", campaign=BOTH)
    works.channels["email"].fail(LOST, times=1)
    assert decide(works) == [None]
    works.operations.resume("channel", "sms", now=works.clock.now())
    works.settle()
    assert [touch.step for touch in works.touches(Kind.SENT)] == ["0", "later"]
    assert len(works.touches(Kind.FINISHED)) == 1


def test_a_run_that_was_told_of_all_but_has_not_looked_yet_waits_for_it_too(works: Works) -> None:
    works.accept(small_workspace(**{"campaigns/follow_up.yaml": BOTH, "campaigns/birthday.yaml": None}))
    works.channels["email"].fail(LOST, times=1)
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.planner.advance(now=works.clock.now())
    works.conductor.drain("bulk")
    assert decide(works) == [None]
    works.settle()
    assert [touch.step for touch in works.touches(Kind.SENT)] == ["0", "0", "later"]


def test_what_its_run_was_ended_for_is_not_sent_after_all(works: Works) -> None:
    come_to(works, LOST, "ana", campaign=ON)
    works.happen("ticket.reopened", "ana", ticket_id="ana")
    assert decide(works) == [None]
    works.settle()
    assert works.sent() == []
    assert works.touches(Kind.UNKNOWN)[-1].reason == "exited"


def test_every_state_that_people_may_decide_about_is_final() -> None:
    assert all(state.is_final for state in ILL)
