"""The port `engage.web.ports.Intake`: events into the planner, and word of them to the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, final

from engage.model.contact import Event
from engage.model.time import Clock
from engage.model.workspace import Queue
from engage.planning.planner import Planner
from workers.monitoring.tracing import current_trace


class Nudging(Protocol):
    """Word to the workers that something may be due. Never fails."""

    def advance(self) -> None:
        """Ask for due runs to be moved on."""
        ...

    def drain(self, queue: str) -> None:
        """Ask for the queue's due deliveries to be sent."""
        ...


@final
class Intake:
    """Where the API puts what it is told."""

    def __init__(
        self, planner: Planner, *, clock: Clock, nudges: Nudging, counted: Callable[[Event, bool], object] = lambda event, new: None,
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

    def take_all(self, events: Sequence[Event]) -> Sequence[bool]:
        """The same of many; an answer for each, in the order given."""
        taken = self._planner.happen_all(events, now=self._clock.now())
        for event, new in zip(events, taken, strict=True):
            self._counted(event, new)
        return taken

    @staticmethod
    def trace() -> str | None:
        """Under which trace the request is recorded, for what comes of it; None where it is not."""
        return current_trace()

    def told(self, *, queue: Queue | None = None) -> None:
        """Something may be due."""
        if queue is None:
            self._nudges.advance()
        else:
            self._nudges.drain(queue)
