"""What a response comes to: its touch and event, and what it does to the address and the consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.feedback.consequences import Consequences, Known, consequences
from engage.feedback.responses import Response
from engage.model.contact import ChannelKind, Consent
from engage.model.history import Kind
from engage.model.letter import Letter
from tests.builders import NOON, some_settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LETTER = Letter(
    delivery_id=7, contact_id=1, campaign="birthday", version="v1", message="birthday", purpose="care", channel="email", at=NOON,
    run_id=3, step="0", address_key="k", provider="smtp", handed_over_at=NOON, locale="sl",
)


def come(kind: Kind, letter: Letter = LETTER, known: Known | None = None, **told: object) -> Consequences | None:
    response = replace(Response(kind=kind, at=NOON + HOUR, delivery_id=7), **told)
    return consequences(response, letter, known or Known(), settings=some_settings(), now=NOON + DAY)


def of(kind: Kind, **told: object) -> Consequences:
    found = come(kind, **told)  # type: ignore[arg-type]  # what is told is the response's
    assert found is not None
    return found


def test_a_response_carries_all_that_its_message_was_sent_with() -> None:
    touch = of(Kind.CLICKED, url="https://a.example/x").touch
    assert (touch.kind, touch.at, touch.delivery_id, touch.run_id, touch.step) == (Kind.CLICKED, NOON + HOUR, 7, 3, "0")
    assert (touch.campaign, touch.version, touch.message, touch.purpose) == ("birthday", "v1", "birthday", "care")
    assert (touch.channel, touch.provider, touch.locale) == ("email", "smtp", "sl")


def test_its_event_names_message_campaign_channel_and_url() -> None:
    event = of(Kind.CLICKED, url="https://a.example/x").event
    assert event is not None
    assert (event.type, event.contact_id, event.at) == ("message.clicked", 1, NOON + HOUR)
    assert event.data == {
        "message": "birthday", "campaign": "birthday", "channel": "email", "url": "https://a.example/x", "delivery_id": 7, "run_id": 3,
        "step": "0",
    }


@pytest.mark.parametrize("kind", [Kind.DELIVERED, Kind.BOUNCED, Kind.COMPLAINED])
def test_what_happens_once_counts_once_whenever_it_is_told_again(kind: Kind) -> None:
    first = of(kind)
    assert come(kind, known=Known(touches=[first.touch]), at=NOON + 2 * HOUR) is None


@pytest.mark.parametrize(("first", "then", "is_news"), [
    ("soft", "5.1.1", True), ("4.2.2", "5.1.1", True), ("5.7.1", "4.2.2", True), ("5.1.1", "soft", False), ("5.1.1", "4.2.2", False),
    ("soft", "5.7.1", False), ("5.1.1", "5.1.1", False),
])  # fmt: skip
def test_a_worse_bounce_of_the_same_message_says_more_of_its_address_but_is_no_event_again(first: str, then: str, is_news: bool) -> None:
    known = Known(touches=[of(Kind.BOUNCED, reason=first).touch])
    later = come(Kind.BOUNCED, known=known, reason=then, at=NOON + 2 * HOUR)
    assert (later is not None) == is_news
    assert later is None or (later.event, later.block is not None) == (None, then == "5.1.1")


def test_two_clicks_are_two_and_one_told_twice_is_one() -> None:
    first = of(Kind.CLICKED, url="https://a.example/x")
    known = Known(touches=[first.touch])
    assert come(Kind.CLICKED, known=known, url="https://a.example/x") is None
    other, later = come(Kind.CLICKED, known=known, url="https://a.example/y"), come(Kind.CLICKED, known=known, at=NOON + 2 * HOUR)
    assert other is not None
    assert later is not None
    assert len({each.event.id for each in (first, other, later) if each.event is not None}) == 3


def test_what_is_told_of_before_the_hand_off_counts_from_it() -> None:
    assert of(Kind.DELIVERED, at=NOON - HOUR).touch.at == NOON


def test_a_clock_far_ahead_is_not_believed() -> None:
    assert of(Kind.OPENED, at=NOON + 400 * DAY).touch.at == NOON + DAY


def test_what_a_machine_did_is_kept_and_raises_nothing() -> None:
    found = of(Kind.OPENED, machine=True)
    assert found.touch.detail == {"machine": True}
    assert found.event is None


@pytest.mark.parametrize(("reason", "suppressed"), [
    (None, "hard_bounce"), ("hard", "hard_bounce"), ("5.1.1", "hard_bounce"), ("5.1.10", "hard_bounce"),
    ("soft", None), ("4.4.1", None), ("5.7.1", None), ("blocked", None), ("5.2.2", None), ("5.1.8", None),
])
def test_an_address_that_will_never_work_is_suppressed_and_no_other(reason: str | None, suppressed: str | None) -> None:
    block = of(Kind.BOUNCED, reason=reason).block
    assert (block.reason if block else None) == suppressed


def test_a_mailbox_that_was_full_three_times_in_thirty_days_is_suppressed() -> None:
    twice = Known(full=[NOON - 20 * DAY, NOON - 3 * DAY])
    assert of(Kind.BOUNCED, known=twice, reason="4.2.2").block is not None
    long_ago = Known(full=[NOON - 60 * DAY, NOON - 3 * DAY])
    assert of(Kind.BOUNCED, known=long_ago, reason="4.2.2").block is None


def test_a_complaint_suppresses_the_address_and_withdraws_the_consent_of_all_who_share_it() -> None:
    found = of(Kind.COMPLAINED)
    assert found.block is not None
    assert (found.block.address_key, found.block.reason) == ("k", "complaint")
    assert found.withdrawal is not None
    assert (found.withdrawal.purpose, found.withdrawal.channel, found.withdrawal.address_key) == ("care", ChannelKind.EMAIL, "k")


def test_what_staff_do_with_a_message_about_a_contact_says_nothing_of_the_contact() -> None:
    found = of(Kind.COMPLAINED, letter=replace(LETTER, fixed=True))
    assert found.event is not None
    assert found.block is None
    assert found.withdrawal is None


def line(at: timedelta, *, granted: bool) -> Consent:
    return Consent(contact_id=1, purpose="care", channel=ChannelKind.EMAIL, granted=granted, at=NOON + at, source="form")


def test_an_unsubscription_told_again_says_nothing_new_whatever_its_moment() -> None:
    first = of(Kind.UNSUBSCRIBED)
    assert first.withdrawal is not None
    told = Known(touches=[first.touch], lines=[first.withdrawal])
    assert come(Kind.UNSUBSCRIBED, known=told, at=NOON + 3 * HOUR) is None
    assert come(Kind.UNSUBSCRIBED, known=told, at=NOON) is None


def test_an_unsubscription_after_a_complaint_counts_as_it_does_before_one() -> None:
    complained = of(Kind.COMPLAINED)
    assert complained.withdrawal is not None
    assert come(Kind.UNSUBSCRIBED, known=Known(touches=[complained.touch], lines=[complained.withdrawal])) is not None


def test_an_old_unsubscription_told_again_does_not_undo_a_new_grant() -> None:
    first = of(Kind.UNSUBSCRIBED)
    assert first.withdrawal is not None
    since = Known(touches=[first.touch], lines=[first.withdrawal, line(2 * HOUR, granted=True)])
    assert come(Kind.UNSUBSCRIBED, known=since) is None
    again = come(Kind.UNSUBSCRIBED, known=since, at=NOON + 3 * HOUR)
    assert again is not None
    assert again.event is not None
    assert first.event is not None
    assert again.event.id != first.event.id


@pytest.mark.parametrize("wrong", [
    {"kind": Kind.SENT}, {"kind": Kind.DELIVERED, "machine": True}, {"kind": Kind.OPENED, "delivery_id": None},
])
def test_what_is_no_response_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"nothing that comes back|never delivered|names a delivery"):
        replace(Response(kind=Kind.OPENED, at=NOON, delivery_id=7), **wrong)
