"""When a delivery is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from engage.delivery.retries import LONGEST, MAIL_ATTEMPTS, WEBHOOK_SCHEDULE, retry_in
from engage.model.contact import ChannelKind


def pause(
    kind: ChannelKind = ChannelKind.EMAIL, attempts: int = 1, code: str | None = None, retry_after: float | None = None
) -> float | None:
    return retry_in(kind, attempts=attempts, delivery_id=1000, code=code, retry_after=retry_after)


def test_mail_doubles_from_thirty_seconds_up_to_an_hour() -> None:
    pauses = [pause(attempts=n) or 0 for n in range(1, 12)]
    for got, base in zip(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600], strict=True):
        assert base <= got <= base * 1.1


def test_mail_is_tried_for_72_hours_and_then_given_up() -> None:
    total = sum(pause(attempts=n) or 0 for n in range(1, MAIL_ATTEMPTS + 1))
    assert 72 <= total / 3600 <= 80
    assert pause(attempts=MAIL_ATTEMPTS + 1) is None


def test_a_greylisted_mail_waits_five_minutes_first() -> None:
    first = pause(code="450")
    assert first is not None
    assert 300 <= first <= 330
    assert (pause(code="450", attempts=2) or 0) < 100


def test_a_webhook_follows_the_standard_webhooks_schedule_and_ends_with_it() -> None:
    assert 5 <= (pause(ChannelKind.SMS) or 0) <= 5.5
    assert pause(ChannelKind.CHAT, attempts=len(WEBHOOK_SCHEDULE) + 1) is None


@given(kind=st.sampled_from(ChannelKind), attempts=st.integers(1, 9), asked=st.floats(0, 1e6), delivery=st.integers(1, 2**62))
def test_never_sooner_than_the_provider_asked_and_always_the_same(kind: ChannelKind, attempts: int, asked: float, delivery: int) -> None:
    got = retry_in(kind, attempts=attempts, delivery_id=delivery, code=None, retry_after=asked)
    assert got is not None
    assert got >= asked
    assert got == retry_in(kind, attempts=attempts, delivery_id=delivery, code=None, retry_after=asked)
    assert got <= max(asked, LONGEST * 1.1, max(WEBHOOK_SCHEDULE) * 1.1)
