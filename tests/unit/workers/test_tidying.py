"""The scheduler tidies up: once a day what is older than it is kept, and goes on the next hour where there was too much of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from engage.contacts.retention import Outdated
from engage.model.retention import Retained
from engage.model.time import Duration
from engage.simulation.clock import MovableClock
from tests.builders import NOON
from workers import tidying
from workers.tidying import Tidying

DAY = timedelta(days=1)


class Pretended:
    """All that the tidying asks, with so many rows that are too old."""

    def __init__(self, rows: int) -> None:
        self.left = rows
        self.day: str | None = None
        self.asked = 0

    def gather(self, *, now: Any) -> int:
        return 1

    def erase_late(self, *, now: Any) -> int:
        self.asked += 1
        return 0

    def outdated(self, *, now: Any) -> Sequence[Outdated]:
        return []

    def expire(self, *, now: Any, most: int | None = None, stopped: Any = None) -> Sequence[Outdated]:
        self.asked += 1
        rows = self.left if most is None else min(most, self.left)
        self.left -= rows
        return [Outdated(kind=Retained.TEXTS, keep=Duration(days=1), before=now, rows=rows)]

    def last(self) -> str | None:
        return self.day

    def write(self, day: str) -> None:
        self.day = day


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


def of(pretended: Pretended, clock: MovableClock, counted: list[tuple[str, int]]) -> Tidying:
    return Tidying(
        merging=pretended, privacy=pretended, keeping=pretended, diary=pretended, clock=clock,
        removed=lambda kind, rows: counted.append((kind, rows)),
    )


def test_what_is_too_old_goes_once_a_day(clock: MovableClock) -> None:
    pretended, counted = Pretended(10), list[tuple[str, int]]()
    tidy = of(pretended, clock, counted)
    for _ in range(3):
        tidy.expire()
    assert (pretended.asked, counted) == (1, [("texts", 10)])
    clock.move(NOON + DAY)
    tidy.expire()
    assert (pretended.asked, pretended.day) == (2, "2026-02-26")


def test_too_much_for_one_turn_goes_on_the_next_hour(clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "MOST", 4)
    pretended, counted = Pretended(10), list[tuple[str, int]]()
    tidy = of(pretended, clock, counted)
    for _ in range(5):
        tidy.expire()
    assert [rows for _, rows in counted] == [4, 4, 2]
    assert pretended.day == "2026-02-25"


def test_who_was_stopped_has_not_done_the_day(clock: MovableClock) -> None:
    pretended = Pretended(1)
    tidy = of(pretended, clock, [])
    tidy.stop()
    tidy.expire()
    assert pretended.day is None


def test_what_comes_late_is_asked_for_each_time(clock: MovableClock) -> None:
    pretended = Pretended(0)
    tidy = of(pretended, clock, [])
    tidy.tidy()
    tidy.tidy()
    assert pretended.asked == 2
