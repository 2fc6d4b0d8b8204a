"""A business clock that stands still until it is moved: what simulation, tests and the demo run on."""

from __future__ import annotations

from datetime import datetime
from typing import final


@final
class MovableClock:
    """Stands at a moment. Never goes back."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The moment at which it stands."""
        return self._at

    def move(self, to: datetime) -> None:
        """Go to a later moment; an earlier one leaves it where it is."""
        self._at = max(self._at, to)
