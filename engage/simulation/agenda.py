"""What comes later in a simulation, in the order of its moments; of equals what was noted first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar, final

Item = TypeVar("Item")


@final
class Agenda(Generic[Item]):
    """Moments, each with what comes then."""

    def __init__(self) -> None:
        self._coming: list[tuple[datetime, int, Item]] = []
        self._number = count()

    def note(self, at: datetime, item: Item) -> None:
        """It comes at that moment."""
        heappush(self._coming, (at, next(self._number), item))

    def next_moment(self) -> datetime | None:
        """When the next one comes."""
        return self._coming[0][0] if self._coming else None

    def come(self, now: datetime) -> Iterator[Item]:
        """Those that have come by now, which are then no longer noted."""
        while self._coming and self._coming[0][0] <= now:
            yield heappop(self._coming)[2]
