"""Where a loop is: what `loop.index` and its like say, for loops that ask no more of theirs than that."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import final

TURN_FIELDS = frozenset({"index", "index0", "first", "last", "length"})


@final
class Turn:
    """The turn that a loop is at; one object for all of them."""

    __slots__ = ("first", "index", "index0", "last", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        self.index = self.index0 = 0
        self.first, self.last = True, False


def numbered(items: Collection[object]) -> Iterator[tuple[object, Turn]]:
    """Each item with its turn."""
    turn = Turn(len(items))
    for item in items:
        turn.first = turn.index == 0
        turn.index0 = turn.index
        turn.index += 1
        turn.last = turn.index == turn.length
        yield item, turn
