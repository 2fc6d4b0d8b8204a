"""The business clock of a process: the machine's, but in a demo or a test the moment that the database keeps and they move."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol, final


class Kept(Protocol):
    """Where a moment may be kept for all processes."""

    def get(self) -> datetime | None:
        """The moment; None where none is kept, as in every real installation."""
        ...

    def set(self, to: datetime) -> None:
        """Keep this moment."""
        ...


@final
class BusinessClock:
    """Asks once whether a moment is kept: where none is, no later call costs a query. A kept one stands still until it is moved."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._is_kept = kept.get() is not None

    def now(self) -> datetime:
        """The moment kept, else the machine's."""
        return (self._kept.get() if self._is_kept else None) or datetime.now(UTC)

    def get(self) -> datetime | None:
        """The moment kept; None where none is."""
        return self._kept.get()

    def set(self, to: datetime) -> None:
        """Keep this moment for all processes: those that start from now on, and those that found one kept already."""
        self._kept.set(to)
        self._is_kept = True
