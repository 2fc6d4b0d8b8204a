"""The same flow on a simulated clock: from one moment at which something is due to the next. Nothing else is simulated.

The engine is the one that sends: the very planner and conductor, over whatever store and channels they were given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar, final

from engage.model.contact import Consent, Event
from engage.planning.due import Due
from engage.rules.answers import Answer

Dated = TypeVar("Dated", Event, Consent)

HARD_STOP = 10_000
"""Rounds at one moment after which something must be going in a circle."""


class Planning(Protocol):
    """What the timeline needs of the planner."""

    def tick(self, *, now: datetime) -> int: ...
    def look(self, *, now: datetime) -> None: ...
    def due(self, *, now: datetime) -> Due: ...
    def advance(self, *, now: datetime) -> int: ...
    def happen(self, event: Event, *, now: datetime) -> bool: ...
    def next_moment(self, *, after: datetime) -> datetime | None: ...


class Conducting(Protocol):
    """What the timeline needs of the conductor."""

    def drain(self, queue: str) -> int: ...


class Guarding(Protocol):
    """What the timeline needs of whoever watches over campaigns."""

    def look(self, *, now: datetime) -> object: ...


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
    guard: Guarding | None = None


class Answering(Protocol):
    """What providers, people and endpoints do about what was sent: it is known only as the simulation goes on."""

    def next_moment(self) -> datetime | None:
        """When the next answer comes to what has been sent so far."""
        ...

    def give(self, *, now: datetime) -> int:
        """Give the answers that have come by now, to what was sent just now too; how many.

        It is asked until there are none.
        """
        ...

    def left(self) -> Sequence[Answer]:
        """Those to what never came to pass."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens outside meanwhile: events and changes of consent, each at its moment, and answers to what is sent."""

    events: Sequence[Event] = field(default=())
    consents: Sequence[Consent] = field(default=())
    answering: Sequence[Answering] = ()


def play(engine: Engine, *, start: datetime, end: datetime, script: Script | None = None) -> Iterator[datetime]:
    """Go from `start` up to, and without, `end`; yields each moment once all that is due at it is done."""
    told = _Told(script or Script(), since=start)
    moment: datetime | None = start
    while moment is not None and moment < end:
        engine.clock.move(moment)
        engine.planner.look(now=moment)
        told.happen(engine, now=moment)
        settle(engine)
        while told.answer(now=moment):
            settle(engine)
        yield moment
        ahead = (engine.planner.next_moment(after=moment), told.next_moment())
        moment = min((at for at in ahead if at is not None and at > moment), default=None)


def settle(engine: Engine) -> None:
    """Do all that is due now, and what becomes due by it. Raises RuntimeError where that never ends."""
    now = engine.clock.now()
    for _ in range(HARD_STOP):
        _watch(engine, now)
        engine.planner.tick(now=now)
        moved, people = _move_on(engine, now)
        if not moved:
            return
        if not people:  # nobody else can enter by what was done
            _watch(engine, now)
            return
    raise _circling(now)


def _watch(engine: Engine, now: datetime) -> None:
    if engine.guard is not None:
        engine.guard.look(now=now)


def _move_on(engine: Engine, now: datetime) -> tuple[bool, bool]:
    """Move runs on and send, in turns, until neither has more to do; whether anything was done, and whether people were written."""
    moved = False
    for _ in range(HARD_STOP):
        due = engine.planner.due(now=now)
        did = engine.planner.advance(now=now) if due.runs or due.events else 0
        if not did:
            did = sum(engine.conductor.drain(queue) for queue in due.queues)
        if not did:
            return moved, due.people
        moved = True
    raise _circling(now)


def _circling(now: datetime) -> RuntimeError:
    return RuntimeError(f"at {now.isoformat()} there is always something more to do")


@final
class _Told:
    """How far a script has been told."""

    def __init__(self, script: Script, *, since: datetime) -> None:
        self._events = deque(sorted((event for event in script.events if event.at >= since), key=lambda event: event.at))
        self._consents = deque(sorted((consent for consent in script.consents if consent.at >= since), key=lambda consent: consent.at))
        self._answering = script.answering

    def happen(self, engine: Engine, *, now: datetime) -> None:
        """Tell what has happened by now: consents first, as an event's campaign asks for them."""
        consents = _up_to(self._consents, now)
        if consents:
            engine.ledger.record(consents)
        for event in _up_to(self._events, now):
            engine.planner.happen(event, now=now)

    def answer(self, *, now: datetime) -> int:
        """Give the answers that have come by now; how many."""
        return sum(answering.give(now=now) for answering in self._answering)

    def next_moment(self) -> datetime | None:
        """When something more happens."""
        moments = [happening[0].at for happening in (self._events, self._consents) if happening]
        answers = (answering.next_moment() for answering in self._answering)
        return min([*moments, *(at for at in answers if at is not None)], default=None)


def _up_to(happening: deque[Dated], now: datetime) -> list[Dated]:
    """What comes up to this moment, taken out of what is still to come."""
    come = []
    while happening and happening[0].at <= now:
        come.append(happening.popleft())
    return come
