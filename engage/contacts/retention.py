"""What is kept no longer than `retention:` says: the port, and what a look found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from engage.model.retention import Retained
from engage.model.time import Duration


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """Of one kind of data what is older than it is kept: how many rows (people, of contacts) before which moment."""

    kind: Retained
    keep: Duration
    before: datetime
    rows: int


class Keeping(Protocol):
    """What is there, held against how long it may be."""

    def outdated(self, *, now: datetime) -> Sequence[Outdated]:
        """What there is to remove now, counted; nothing is written. Only the kinds that engage.yaml names."""
        ...

    def expire(
        self, *, now: datetime, most: int | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> Sequence[Outdated]:
        """Remove it in small transactions, at most so many rows of a kind; what was removed. Safe to repeat, and in several processes."""
        ...
