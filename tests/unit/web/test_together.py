"""What many ask at once is done at once, each answered his own; whoever comes alone waits for nobody, nor hears of others' mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engage.web.together import Together

WITHIN = 20.0


def doubled(items: Sequence[int]) -> Sequence[int]:
    return [2 * item for item in items]


def test_whoever_comes_alone_is_answered_at_once() -> None:
    assert Together(doubled, most=10).ask([1, 2]) == [2, 4]


def test_nothing_asked_is_nothing_answered() -> None:
    assert list(Together(doubled, most=10).ask([])) == []


def test_those_who_come_while_something_is_done_are_done_together() -> None:
    began, go, groups = Event(), Event(), list[Sequence[int]]()

    def work(items: Sequence[int]) -> Sequence[int]:
        groups.append(list(items))
        began.set()
        assert go.wait(WITHIN)
        return doubled(items)

    together = Together(work, most=10)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(together.ask, [0])
        assert began.wait(WITHIN)
        others = [pool.submit(together.ask, [number]) for number in range(1, 6)]
        while len(together._line) < len(others):
            pass
        go.set()
        assert first.result(WITHIN) == [0]
        assert [other.result(WITHIN) for other in others] == [[2], [4], [6], [8], [10]]
    assert [sorted(group) for group in groups] == [[0], [1, 2, 3, 4, 5]]


def test_whoever_asks_much_does_it_by_himself() -> None:
    groups = list[int]()

    def work(items: Sequence[int]) -> Sequence[int]:
        groups.append(len(items))
        return doubled(items)

    Together(work, most=10).ask(range(25))
    assert groups == [25]


def test_a_mistake_is_heard_of_by_whoever_made_it() -> None:
    def work(items: Sequence[int]) -> Sequence[int]:
        if 3 in items:
            raise KeyError(3)
        return doubled(items)

    together, barrier = Together(work, most=10), Barrier(6)

    def ask(number: int) -> Sequence[int] | str:
        barrier.wait(WITHIN)
        try:
            return together.ask([number])
        except KeyError:
            return "his own"

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == [[0], [2], [4], "his own", [8], [10]]


@settings(max_examples=30, deadline=None)
@given(some.lists(some.lists(some.integers(), max_size=5), min_size=1, max_size=12), some.integers(1, 6))
def test_everybody_has_the_answers_to_what_was_asked_in_its_order(asked: list[list[int]], most: int) -> None:
    together = Together(doubled, most=most)
    with ThreadPoolExecutor(len(asked)) as pool:
        assert list(map(list, pool.map(together.ask, asked))) == [doubled(items) for items in asked]


def test_what_cannot_be_done_at_all_is_heard_of_by_everybody() -> None:
    def work(_: Sequence[int]) -> Sequence[int]:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        Together(work, most=10).ask([1])
