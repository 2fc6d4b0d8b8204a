"""What a process knows of its providers."""

from engage.delivery.health import FAILURES_THAT_OPEN, Health
from tests.builders import a_channel


class Machine:
    """A machine clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_provider_that_keeps_failing_is_left_alone_for_half_a_minute_and_then_tried_again() -> None:
    machine = Machine()
    health = Health(machine)
    for _ in range(FAILURES_THAT_OPEN - 1):
        health.failed("email")
    assert health.states() == {}
    health.failed("email")
    assert health.states()["email"].wait == 30.0
    assert health.states()["email"].reason == "breaker"
    machine.at += 31
    assert health.states() == {}


def test_each_further_failed_attempt_doubles_the_pause_up_to_ten_minutes() -> None:
    machine = Machine()
    health = Health(machine)
    for _ in range(FAILURES_THAT_OPEN):
        health.failed("email")
    pauses = []
    for _ in range(2000):
        pauses.append(health.states()["email"].wait)
        machine.at += pauses[-1]
        health.failed("email")
    assert pauses[:7] == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    assert set(pauses[7:]) == {600.0}


def test_a_whole_slice_that_fails_at_once_is_one_failed_attempt() -> None:
    health = Health(Machine())
    for _ in range(2000):
        health.failed("email")
    assert health.states()["email"].wait == 30.0


def test_one_success_closes_the_breaker_for_the_next_failure() -> None:
    machine = Machine()
    health = Health(machine)
    for _ in range(FAILURES_THAT_OPEN):
        health.failed("email")
    machine.at += 31
    health.succeeded("email")
    health.failed("email")
    assert health.states() == {}


def test_retry_after_holds_for_the_whole_provider_and_for_no_other() -> None:
    health = Health(Machine())
    health.wait("sms", 17)
    assert health.states()["sms"].wait == 17
    assert "email" not in health.states()


def test_a_rate_spreads_slices_over_time() -> None:
    machine = Machine()
    health = Health(machine)
    channel = a_channel(rate=50.0)
    assert health.slice_size(channel) == 25
    assert health.pay(channel, 25) == 0.0
    assert health.pay(channel, 25) == 0.5
    machine.at += 10
    assert health.pay(channel, 25) == 0.0


def test_a_channel_without_a_rate_never_waits() -> None:
    health = Health(Machine())
    channel = a_channel()
    assert [health.pay(channel, 500) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert health.slice_size(channel) == 500
