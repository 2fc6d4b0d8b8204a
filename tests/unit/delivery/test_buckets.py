"""A token bucket: what is taken never exceeds its rate."""

from hypothesis import given
from hypothesis import strategies as st

from engage.delivery.buckets import Charge, LocalBuckets, book


class Machine:
    """A machine clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def charge(wanted: int, **more: float) -> Charge:
    return Charge(bucket="email", rate=20.0, wanted=wanted, **more)  # type: ignore[arg-type]  # `dry` among them


def test_a_full_bucket_gives_what_its_burst_holds_and_then_as_much_as_its_rate() -> None:
    machine = Machine()
    buckets = LocalBuckets(machine)
    assert [grant.taken for grant in buckets.take([charge(500, burst=1.0)])] == [21]
    assert [grant.taken for grant in buckets.take([charge(500, burst=1.0)])] == [0]
    machine.at += 0.5
    assert [grant.taken for grant in buckets.take([charge(500, burst=1.0)])] == [10]


def test_one_that_is_booked_ahead_says_how_long_to_wait() -> None:
    buckets = LocalBuckets(Machine())
    waits = [buckets.take([charge(10, ahead=1.0)])[0] for _ in range(4)]
    assert [(grant.taken, round(grant.wait, 6)) for grant in waits] == [(10, 0.0), (10, 0.5), (1, 1.0), (0, 0.05)]


def test_whoever_only_asks_takes_nothing() -> None:
    buckets = LocalBuckets(Machine())
    assert buckets.take([charge(500, burst=1.0, dry=True)])[0].taken == 21
    assert buckets.take([charge(500, burst=1.0)])[0].taken == 21


def test_buckets_are_taken_from_each_by_itself() -> None:
    buckets = LocalBuckets(Machine())
    grants = buckets.take([Charge(bucket=name, rate=1, wanted=1) for name in "aba"])
    assert [grant.taken for grant in grants] == [1, 1, 0]


@given(
    rate=st.floats(0.001, 1000), burst=st.floats(0, 5), ahead=st.floats(0, 5),
    asked=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 600)), max_size=40),
)
def test_never_more_is_taken_than_the_rate_the_burst_and_what_is_booked_ahead_allow(
    rate: float, burst: float, ahead: float, asked: list[tuple[float, int]]
) -> None:
    paid, now, taken = None, 1000.0, 0
    for pause, wanted in asked:
        now += pause
        paid, grant = book(paid, now, Charge(bucket="b", rate=rate, wanted=wanted, burst=burst, ahead=ahead))
        taken += grant.taken
        assert 0 <= grant.taken <= wanted
        assert grant.wait <= ahead + 1 / rate or not grant.taken
        assert taken <= (now - 1000.0 + burst + ahead) * rate + 1.001


@given(rate=st.floats(0.01, 1000), wanted=st.integers(1, 600))
def test_who_was_refused_gets_something_once_he_has_waited_as_told(rate: float, wanted: int) -> None:
    paid, _ = book(None, 0.0, Charge(bucket="b", rate=rate, wanted=wanted, ahead=1e9))
    _, refused = book(paid, 0.0, Charge(bucket="b", rate=rate, wanted=1))
    _, then = book(paid, refused.wait, Charge(bucket="b", rate=rate, wanted=1))
    assert (refused.taken, then.taken) == (0, 1)
