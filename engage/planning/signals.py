"""What the planner tells whoever watches it: by campaign and batch, never by person. Implementers raise nothing. Pure."""

from __future__ import annotations

from typing import Protocol, final


class Signals(Protocol):
    """Whoever watches the planner."""

    def entered(self, campaign: str, *, slots: int, runs: int) -> None:
        """So many slots of the campaign were planned, by which so many runs began."""
        ...

    def advanced(self, *, events: int, runs: int) -> None:
        """So many events were drawn, so many runs moved on."""
        ...


@final
class Silent:
    """Nobody watches."""

    def entered(self, campaign: str, *, slots: int, runs: int) -> None:
        """Nothing."""

    def advanced(self, *, events: int, runs: int) -> None:
        """Nothing."""


SILENT = Silent()
