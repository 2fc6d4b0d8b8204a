"""The business clock: the machine's, unless the database keeps a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.builders import NOON
from workers.clocks import BusinessClock


class FakeKept:
    def __init__(self, moment: datetime | None = None) -> None:
        self.moment = moment
        self.asked = 0

    def get(self) -> datetime | None:
        self.asked += 1
        return self.moment

    def set(self, to: datetime) -> None:
        self.moment = to


def test_where_no_moment_is_kept_it_is_the_machines_and_asks_the_database_once() -> None:
    kept = FakeKept()
    clock = BusinessClock(kept)
    for _ in range(5):
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251  # the very clock that it is compared with
    assert kept.asked == 1


def test_a_kept_moment_stands_until_somebody_moves_it() -> None:
    kept = FakeKept(NOON)
    clock = BusinessClock(kept)
    assert clock.now() == clock.now() == NOON
    kept.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_who_sets_it_goes_by_it_from_then_on() -> None:
    clock = BusinessClock(FakeKept())
    clock.set(NOON)
    assert clock.now() == NOON
