"""The port `engage.web.ports.Intake`: events into the planner, and word of them to the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

from engage.model.contact import Event
from engage.model.time import Clock
from engage.planning.planner import Planner
from workers.broker import Nudges
from workers.tracing import current_trace


@final
class Intake:
    """Where the API puts what it is told."""

    def __init__(
        self, planner: Planner, *, clock: Clock, nudges: Nudges, counted: Callable[[Event, bool], object] = lambda event, new: None,
    ) -> None:
        self._planner = planner
        self._clock = clock
        self._nudges = nudges
        self._counted = counted

    def take(self, event: Event) -> bool:
        """Take it in with all that it brings about; False where its id was taken before."""
        new = self._planner.happen(replace(event, trace=current_trace()), now=self._clock.now())
        self._counted(event, new)
        return new

    def told(self) -> None:
        """All events of a request are in."""
        self._nudges.advance()
