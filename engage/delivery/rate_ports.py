"""What pacing needs of what all workers share: the word that goes round about providers, and how much each was given on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Protocol, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A provider, by the key of its way, is to be left alone for so many seconds from now."""

    provider: str
    seconds: float
    reason: str


class Notices(Protocol):
    """What workers tell each other of providers, by the database's clock."""

    def for_all(self) -> Iterable[Notice]:
        """What every worker must heed, as long as it lasts: what a provider asked for itself (Retry-After)."""
        ...

    def ask_all(self, notice: Notice) -> None:
        """Let every worker leave the provider alone; what lasts longer already stays."""
        ...

    def tell(self, notice: Notice) -> None:
        """Tell people that this worker leaves it alone; no other worker heeds it, as the fault may be this one's own."""
        ...

    def well(self, provider: str) -> None:
        """Tell people that this worker found it well again."""
        ...


class Volumes(Protocol):
    """How many messages each provider was given on each day, while it is being warmed up. Implementers must take atomically."""

    def take(self, provider: str, day: date, *, wanted: int, most: int) -> int:
        """Count up to so many more, so that the day has no more than `most`; how many."""
        ...

    def give_back(self, provider: str, day: date, messages: int) -> None:
        """Take back what was counted and not handed over."""
        ...

    def taken(self, providers: Iterable[str], day: date) -> Mapping[str, int]:
        """What was counted that day; those of whom nothing was are left out."""
        ...


@final
class NoNotices:
    """Nobody else is there to tell, or to be told by."""

    def for_all(self) -> Iterable[Notice]:
        """Nothing."""
        return ()

    def ask_all(self, notice: Notice) -> None:
        """Nobody."""

    def tell(self, notice: Notice) -> None:
        """Nobody."""

    def well(self, provider: str) -> None:
        """Nobody."""


@final
class LocalVolumes:
    """The counts of one process. Safe to use from many threads."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, date], int] = {}
        self._lock = Lock()

    def take(self, provider: str, day: date, *, wanted: int, most: int) -> int:
        """Count up to so many more."""
        with self._lock:
            had = self._taken.get((provider, day), 0)
            got = max(0, min(wanted, most - had))
            self._taken[provider, day] = had + got
            return got

    def give_back(self, provider: str, day: date, messages: int) -> None:
        """Take back what was not handed over."""
        with self._lock:
            self._taken[provider, day] = max(0, self._taken.get((provider, day), 0) - messages)

    def taken(self, providers: Iterable[str], day: date) -> Mapping[str, int]:
        """What was counted that day."""
        with self._lock:
            return {name: count for name in providers if (count := self._taken.get((name, day), 0))}
