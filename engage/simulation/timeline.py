"""The same flow on a simulated clock: from one moment at which something is due to the next. Nothing else is simulated.

The engine is the one that sends: the very planner and conductor, over whatever store and channels they were given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, final

from engage.model.contact import Consent, Event
from engage.model.workspace import QUEUES

HARD_STOP = 10_000
"""Rounds at one moment after which something must be going in a circle."""


class Planning(Protocol):
    """What the timeline needs of the planner."""

    def tick(self, *, now: datetime) -> int: ...
    def advance(self, *, now: datetime) -> int: ...
    def happen(self, event: Event, *, now: datetime) -> bool: ...
    def next_moment(self, *, after: datetime) -> datetime | None: ...


class Conducting(Protocol):
    """What the timeline needs of the conductor."""

    def drain(self, queue: str) -> int: ...


class Clock(Protocol):
    """A business clock that can be moved."""

    def now(self) -> datetime: ...
    def move(self, to: datetime) -> None: ...


class Ledger(Protocol):
    """Where consents that change during the simulation are recorded."""

    def record(self, consents: Sequence[Consent]) -> object: ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that send, on a clock that can be moved."""

    planner: Planning
    conductor: Conducting
    clock: Clock
    ledger: Ledger


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens outside meanwhile: events and changes of consent, each at its moment."""

    events: Sequence[Event] = field(default=())
    consents: Sequence[Consent] = field(default=())

    def moments(self) -> Iterable[datetime]:
        """When something happens."""
        return sorted({event.at for event in self.events} | {consent.at for consent in self.consents})


def play(engine: Engine, *, start: datetime, end: datetime, script: Script | None = None) -> Iterator[datetime]:
    """Go from `start` up to, and without, `end`; yields each moment once all that is due at it is done."""
    script = script or Script()
    moment: datetime | None = start
    behind = start - timedelta(microseconds=1)
    while moment is not None and moment < end:
        engine.clock.move(moment)
        _happen(engine, script, after=behind, until=moment)
        settle(engine)
        yield moment
        behind = moment
        ahead = [engine.planner.next_moment(after=moment), *(at for at in script.moments() if at > moment)]
        moment = min((at for at in ahead if at is not None and at > moment), default=None)


def settle(engine: Engine) -> None:
    """Do all that is due now, and what becomes due by it. Raises RuntimeError where that never ends."""
    now = engine.clock.now()
    for _ in range(HARD_STOP):
        worked = engine.planner.tick(now=now) + engine.planner.advance(now=now)
        worked += sum(engine.conductor.drain(queue) for queue in QUEUES)
        if not worked:
            return
    raise RuntimeError(f"at {now.isoformat()} there is always something more to do")


def _happen(engine: Engine, script: Script, *, after: datetime, until: datetime) -> None:
    engine.ledger.record([consent for consent in script.consents if after < consent.at <= until])
    for event in sorted(script.events, key=lambda event: event.at):
        if after < event.at <= until:
            engine.planner.happen(event, now=until)
