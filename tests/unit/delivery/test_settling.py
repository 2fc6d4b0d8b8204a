"""What a decision or an outcome comes to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.delivery.ports import Outcome, Settlement
from engage.delivery.settling import settle_decision, settle_outcome
from engage.model.delivery import Check, Deferred, DeliveryState, Held, Receipt, Refused
from engage.model.errors import Rejected, Unavailable, Unconfirmed
from engage.model.history import Kind
from tests.builders import NOON, a_cleared, a_rendered, an_approved, an_intent

TRAIL = (Check(number=4, name="consent", passed=False, why="withdrawn", channel="email"),)


def outcome(error: Exception | None = None, *, idempotent: bool = False, on_unknown: str = "hold", **intent: object) -> Settlement:
    cleared = a_cleared(rendered=a_rendered(approved=an_approved(intent=an_intent(**intent))))
    answer = Outcome(cleared=cleared, receipt=Receipt(provider_id="p1") if error is None else None, error=error)
    return settle_outcome(answer, now=NOON, provider="smtp", idempotent=idempotent, on_unknown=on_unknown)


def test_a_receipt_is_sent_with_the_language_and_the_zone_in_its_touch_and_the_text_apart() -> None:
    settled = outcome()
    assert settled.state is DeliveryState.SENT
    touch = settled.touch
    assert touch is not None
    assert (touch.kind, touch.locale, touch.provider_id, touch.detail["zone"]) == (Kind.SENT, "sl", "p1", "Europe/Ljubljana")
    assert touch.private["address"] == "ana@example.com"
    assert "ana@example.com" not in repr(touch)


def test_a_refused_address_is_suppressed_and_the_next_channel_tried() -> None:
    settled = outcome(Rejected("no such user", code="550", address_is_bad=True))
    assert (settled.state, settled.tried, settled.suppress_address) == (DeliveryState.WAITING, "email", "hard_bounce")
    assert settled.touch is not None
    assert settled.touch.kind is Kind.BOUNCED


def test_a_refused_address_on_the_last_channel_is_failed() -> None:
    settled = outcome(Rejected("no such user", code="550", address_is_bad=True), tried=("sms",))
    assert (settled.state, settled.suppress_address) == (DeliveryState.FAILED, "hard_bounce")


def test_a_refused_message_says_nothing_about_the_address() -> None:
    settled = outcome(Rejected("spam", code="554"))
    assert (settled.state, settled.suppress_address) == (DeliveryState.FAILED, None)


def test_unavailable_is_tried_later_and_counts_an_attempt() -> None:
    settled = outcome(Unavailable("busy", code="421"))
    assert settled.state is DeliveryState.WAITING
    assert settled.attempt
    assert settled.retry_in is not None
    assert settled.retry_in >= 30


@pytest.mark.parametrize("idempotent", [True, False])
def test_what_was_not_begun_in_time_is_decided_anew_at_once_as_if_nothing_had_been_tried(idempotent: bool) -> None:
    settled = outcome(Unavailable("its time was over", code="late"), idempotent=idempotent)
    assert (settled.state, settled.retry_in, settled.touch) == (DeliveryState.WAITING, 0.0, None)
    assert not settled.attempt


def test_a_configuration_error_holds_the_delivery_and_costs_it_no_attempt() -> None:
    settled = outcome(Unavailable("invalid_auth", configuration=True))
    assert (settled.state, settled.hold, settled.attempt) == (DeliveryState.WAITING, "paused", False)


def test_after_the_last_attempt_it_fails() -> None:
    assert outcome(Unavailable("busy"), attempts=100).state is DeliveryState.FAILED


def test_unconfirmed_is_unknown_where_the_purpose_holds() -> None:
    settled = outcome(Unconfirmed("silence after the dot"))
    assert settled.state is DeliveryState.UNKNOWN
    assert settled.touch is not None
    assert settled.touch.kind is Kind.UNKNOWN


def test_unconfirmed_is_resent_once_where_the_purpose_says_so_and_then_held() -> None:
    first = outcome(Unconfirmed("silence"), on_unknown="resend")
    assert (first.state, first.resend) == (DeliveryState.WAITING, True)
    second = outcome(Unconfirmed("silence"), on_unknown="resend", resends=1)
    assert second.state is DeliveryState.UNKNOWN


def test_unconfirmed_with_an_idempotency_key_is_simply_tried_again() -> None:
    settled = outcome(Unconfirmed("reset"), idempotent=True)
    assert (settled.state, settled.attempt) == (DeliveryState.WAITING, True)


@pytest.mark.parametrize("error", [Rejected("spam", code="554"), Unavailable("busy")])
def test_what_may_have_gone_at_an_earlier_hand_off_never_ends_as_failed(error: Exception) -> None:
    settled = outcome(error, resends=1, attempts=100)
    assert settled.state is DeliveryState.UNKNOWN
    assert settled.touch is not None
    assert settled.touch.kind is Kind.UNKNOWN


@pytest.mark.parametrize("state", [DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED])
def test_what_may_have_gone_and_may_not_go_again_is_unknown_for_the_reason_why_it_may_not(state: DeliveryState) -> None:
    settled = settle_decision(Refused(intent=an_intent(resends=1), state=state, reason="because", trail=TRAIL), now=NOON)
    assert settled.state is DeliveryState.UNKNOWN
    assert settled.touch is not None
    assert (settled.touch.kind, settled.touch.reason) == (Kind.UNKNOWN, "because")


def test_a_repeated_key_whose_answer_was_lost_may_be_there() -> None:
    assert outcome(Unconfirmed("reset"), idempotent=True).resend
    assert outcome(Unconfirmed("reset"), idempotent=True, attempts=100).state is DeliveryState.UNKNOWN
    assert not outcome(Unavailable("busy"), idempotent=True).resend


def test_a_deferral_moves_the_due_time_and_leaves_a_touch_with_the_trail() -> None:
    until = NOON + timedelta(hours=9)
    settled = settle_decision(Deferred(intent=an_intent(), until=until, reason="quiet_hours", trail=TRAIL), now=NOON)
    assert (settled.state, settled.due_at) == (DeliveryState.WAITING, until)
    assert settled.touch is not None
    assert settled.touch.detail["trail"] == [{"check": 4, "name": "consent", "passed": False, "why": "withdrawn", "channel": "email"}]


def test_a_provider_that_is_left_alone_is_a_matter_of_the_machine_clock_and_leaves_no_touch() -> None:
    decision = Deferred(intent=an_intent(), until=NOON + timedelta(seconds=30), reason="breaker", trail=())
    settled = settle_decision(decision, now=NOON)
    assert (settled.due_at, settled.touch) == (NOON, None)
    assert 30.0 <= (settled.retry_in or 0) <= 45.0, "not all come back at once"


def test_a_hold_waits_for_people_without_a_touch() -> None:
    settled = settle_decision(Held(intent=an_intent(), reason="paused", trail=()), now=NOON)
    assert (settled.state, settled.hold, settled.touch) == (DeliveryState.WAITING, "paused", None)


def test_a_refusal_is_final_with_its_reason() -> None:
    decision = Refused(intent=an_intent(), state=DeliveryState.SUPPRESSED, reason="no_consent", trail=TRAIL, channel="email")
    settled = settle_decision(decision, now=NOON)
    assert settled.state is DeliveryState.SUPPRESSED
    assert settled.touch is not None
    assert replace(settled.touch, detail={}).reason == "no_consent"


@pytest.mark.parametrize("spared", [False, True])
def test_what_a_provider_may_have_from_an_earlier_time_stays_its_own_when_it_is_away_now(spared: bool) -> None:
    cleared = a_cleared(rendered=a_rendered(approved=an_approved(intent=an_intent(bound_to="smtp"))))
    away = Outcome(cleared=cleared, error=Unavailable("busy", code="421", whole_provider=True))
    settled = settle_outcome(away, now=NOON, provider="smtp", idempotent=True, on_unknown="hold", spared=spared)
    assert (settled.state, settled.bound_to) == (DeliveryState.WAITING, "smtp")
    keyless = settle_outcome(away, now=NOON, provider="smtp", idempotent=False, on_unknown="hold", spared=spared)
    assert keyless.bound_to is None, "where the key tells it nothing, any other may be given the one copy more"
