"""The port `engage.web.ports.Intake`: events into the planner, and word of them to the workers."""

from __future__ import annotations

from typing import final

from engage.model.contact import Event
from engage.model.time import Clock
from engage.planning.planner import Planner
from workers.broker import Nudges


@final
class Intake:
    """Where the API puts what it is told."""

    def __init__(self, planner: Planner, *, clock: Clock, nudges: Nudges) -> None:
        self._planner = planner
        self._clock = clock
        self._nudges = nudges

    def take(self, event: Event) -> bool:
        """Take it in with all that it brings about; False where its id was taken before."""
        return self._planner.happen(event, now=self._clock.now())

    def told(self) -> None:
        """All events of a request are in."""
        self._nudges.advance()
