"""What a worker does at a nudge: move due runs on, and see due deliveries through. Nothing here decides what may be sent."""

from __future__ import annotations

from threading import BoundedSemaphore, Event
from typing import Protocol, final

from engage.model.time import Clock
from engage.model.workspace import QUEUES
from workers.broker import Nudges
from workers.ticker import Moment, Outbox, Plans, Rows, nudge_due, unwatched

RESERVED = 2
"""Threads that never do bulk: one for what a person waits for, one for planning."""


class Conducting(Protocol):
    """What a worker asks of the conductor."""

    def drain(self, queue: str) -> int:
        """Work until nothing of the queue is due; how many deliveries were taken in hand."""
        ...

    def stop(self) -> None:
        """Finish the slice in hand, record it, give back the rest."""
        ...

    def finish(self, *, within: float) -> None:
        """Once stopped, wait for the answers that no batch waits for, so many seconds at most."""
        ...


class Calling(Protocol):
    """What a worker asks of whoever calls endpoints."""

    def drain(self) -> int:
        """Work until nothing is due; how many calls were made."""
        ...

    def stop(self) -> None:
        """Finish the calls in hand, begin no more."""
        ...


@final
class Work:
    """The work of one process with so many threads. Safe to call from all of them at once."""

    def __init__(
        self, *, plans: Plans, conductor: Conducting, caller: Calling, rows: Rows, calls: Outbox, clock: Clock, threads: int,
        moment: Moment = unwatched,
    ) -> None:
        self._plans = plans
        self._conductor = conductor
        self._caller = caller
        self._rows = rows
        self._calls = calls
        self._clock = clock
        self._moment = moment
        self._bulk = BoundedSemaphore(max(1, threads - RESERVED))
        self._calling = BoundedSemaphore()  # one thread: however slow the endpoints are, the others go on
        self._stopping = Event()
        self._nudges: Nudges | None = None

    def announce(self, nudges: Nudges) -> None:
        """From now on others are told of what this work makes due; without it the ticker and the sweep find it."""
        self._nudges = nudges

    def drain(self, queue: str) -> None:
        """See the queue's due deliveries through, and tell of the runs that go on with their outcomes.

        As many bulk drains as leave room for the rest; one more would find those at work already.
        """
        if queue == "bulk" and not self._bulk.acquire(blocking=False):
            return
        try:
            handed = self._conductor.drain(queue)
        finally:
            if queue == "bulk":
                self._bulk.release()
        if handed and self._nudges is not None:
            self._nudges.advance()

    def advance(self) -> None:
        """Move all due runs on, and tell of the deliveries that this made due."""
        moved = 0
        with self._moment("advance") as done:
            while not self._stopping.is_set() and (batch := self._plans.advance(now=self._clock.now())):
                done.append(batch)
                moved += batch
        if moved and self._nudges is not None:
            nudge_due(self._rows, self._calls, self._nudges, self._clock.now())

    def call(self) -> None:
        """Make due calls of endpoints, and tell of the runs that go on with the answers."""
        if not self._calling.acquire(blocking=False):
            return
        try:
            made = self._caller.drain()
        finally:
            self._calling.release()
        if made and self._nudges is not None:
            self._nudges.advance()

    def sweep(self) -> None:
        """Do whatever is due, nudged or not: with the broker gone everything goes on by this, slower."""
        self.advance()
        for queue in QUEUES:
            self.drain(queue)
        self.call()

    def stop(self) -> None:
        """Finish what is in hand, begin nothing more."""
        self._stopping.set()
        self._conductor.stop()
        self._caller.stop()

    def finish(self, *, within: float) -> None:
        """Once nothing is in hand, wait for the answers of providers that are silent, so many seconds at most."""
        self._conductor.finish(within=within)
