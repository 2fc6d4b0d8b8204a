"""The ticker: what makes things happen when nothing comes in. APScheduler ticks, the database decides what is due.

Any number of schedulers may tick at once: planning is idempotent under UNIQUE keys, and a nudge too many finds nothing to do.
Ticks that were missed (a machine asleep, a long tick) run once, late as they are, as what they look for is still there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol, final

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engage.model.places import places_of
from engage.model.time import Clock
from engage.model.workspace import QUEUES
from workers.broker import Nudges, told_of

TICK_EVERY = 1.0
SWEEP_EVERY = 5.0
"""Seconds; what no nudge has brought about is found after this long at the latest."""

LOOK_EVERY = 2.0

COLLECT_EVERY = 30.0
"""Seconds between two looks into the mailboxes."""

BATCH = 500
"""One nudge for each so many deliveries due, so that a large audience calls many workers."""

CALLED_AT_ONCE = 16

log = structlog.get_logger(__name__)


class Plans(Protocol):
    """What the ticker asks of planning."""

    def tick(self, *, now: datetime) -> int:
        """Enter everybody whose moment has come."""
        ...

    def advance(self, *, now: datetime) -> int:
        """Move a batch of due runs on; how many."""
        ...


class Rows(Protocol):
    """What the ticker asks of the delivery rows."""

    def sweep(self, *, now: datetime) -> int:
        """Settle what ended leases left."""
        ...

    def waiting(self, *, now: datetime) -> Mapping[str, int]:
        """How many rows are due now and in nobody's hand, by queue."""
        ...


class Guarding(Protocol):
    """What the ticker asks of whoever watches over campaigns."""

    def look(self, *, now: datetime) -> object:
        """Pause those of whose messages too many came back."""
        ...


class Outbox(Protocol):
    """What the ticker asks of the calls of endpoints."""

    def due(self) -> int:
        """How many might be made now."""
        ...


class Moment(Protocol):
    """Whoever watches what is planned: what the block appends are numbers of runs."""

    def __call__(self, name: str) -> AbstractContextManager[list[int]]: ...


def unwatched(name: str) -> AbstractContextManager[list[int]]:
    """Nobody watches."""
    return nullcontext([])


class Told(Protocol):
    """Who is told of each run of a job: by how many seconds it was late, how long it took, whether it failed."""

    def __call__(self, job: str, *, late: float, seconds: float, failed: bool) -> None: ...


@final
class Ticker:
    """Jobs at fixed intervals in threads of their own; one that raises is logged and runs again at its next time."""

    def __init__(self, told: Told = lambda job, **about: None) -> None:
        self._told = told
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(job_defaults=defaults, timezone="UTC")

    def every(self, seconds: float, name: str, job: Callable[[], object]) -> None:
        """Run the job at once and then every so many seconds, never twice at a time."""
        run = _Job(name, job, every=seconds, told=self._told)
        self._scheduler.add_job(run, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """End once the jobs in hand have. Safe to repeat."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


@final
class _Job:
    """A job that never raises and tells how it went."""

    def __init__(self, name: str, job: Callable[[], object], *, every: float, told: Told) -> None:
        self._name = name
        self._job = job
        self._every = every
        self._told = told
        self._due: float | None = None

    def __call__(self) -> None:
        began, failed = monotonic(), False
        late = 0.0 if self._due is None else max(0.0, began - self._due)
        self._due = began + self._every
        try:
            self._job()
        except Exception as error:  # noqa: BLE001  # a database away for a minute must not end the ticking
            failed = True
            for each in told_of(error):
                log.error("tick.failed", job=self._name, error=type(each).__name__, at=places_of(each))
        self._told(self._name, late=late, seconds=monotonic() - began, failed=failed)


@final
class Scheduling:
    """The scheduler's work: plan what is due, sweep up what was left, and nudge those who do it."""

    def __init__(
        self, *, plans: Plans, guard: Guarding, rows: Rows, calls: Outbox, clock: Clock, nudges: Nudges,
        swept: Callable[[int], object] = lambda rows: None, moment: Moment = unwatched,
    ) -> None:
        self._plans = plans
        self._guard = guard
        self._rows = rows
        self._calls = calls
        self._clock = clock
        self._nudges = nudges
        self._swept = swept
        self._moment = moment

    def tick(self) -> None:
        """Enter whose moment has come; call workers for the runs, deliveries and calls that are due."""
        now = self._clock.now()
        try:
            with self._moment("plan") as done:
                done.append(self._plans.tick(now=now))
        finally:  # what could not be planned stops nothing that was
            self._nudges.advance()
            nudge_due(self._rows, self._calls, self._nudges, now)

    def watch(self) -> None:
        """Pause campaigns of whose messages too many came back."""
        self._guard.look(now=self._clock.now())

    def sweep(self) -> None:
        """Settle what crashed workers left behind."""
        swept = self._rows.sweep(now=self._clock.now())
        if swept:
            self._swept(swept)
            log.warning("deliveries.swept", rows=swept)


def nudge_due(rows: Rows, calls: Outbox, nudges: Nudges, now: datetime) -> None:
    """Call as many workers as the due deliveries of each queue are worth, and one for due calls of endpoints."""
    waiting = rows.waiting(now=now)
    for queue in QUEUES:
        if waiting.get(queue):
            nudges.drain(queue, times=min(CALLED_AT_ONCE, -(-waiting[queue] // BATCH)))
    if calls.due():
        nudges.call()
