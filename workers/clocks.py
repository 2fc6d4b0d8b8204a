"""The clocks: the machine's, and the business clock that the demo and tests keep in the database and move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import final

from engage.model.time import Clock


@final
class SystemClock:
    """The machine's clock as the business clock: what every real installation runs on."""

    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)


@final
class StoredClock:
    """A business clock that stands still at the moment kept in the database until somebody moves it, for all processes alike."""

    def __init__(self, read: Callable[[], datetime | None]) -> None:
        self._read = read

    def now(self) -> datetime:
        """The moment kept; the machine's where none is kept any more."""
        return self._read() or datetime.now(UTC)


def business_clock(read: Callable[[], datetime | None]) -> Clock:
    """The stored clock where the database holds one (demo, tests), else the machine's. Asked once, when a process starts."""
    return SystemClock() if read() is None else StoredClock(read)
