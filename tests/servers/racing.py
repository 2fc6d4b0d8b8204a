"""Many processes at one line: each makes the engine of its own over the same database, and starts when all are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Barrier
from typing import Protocol

from engage.delivery import conductor
from engage.store.database import Database
from tests.engine import Works
from tests.servers.forks import FORKS
from tests.small import small_workspace

PATIENCE = 60.0
"""Seconds until the last process has come to the line, on a machine that is busy with other things."""

_line: Barrier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all processes find: a database, a workspace's files, and the business moments at which they do their work."""

    url: str
    files: Mapping[str, str | None]
    moments: Sequence[datetime]


class Racer(Protocol):
    """What a process does at one moment; `number` tells it from the others. A function of a module, so that it can be sent there."""

    def __call__(self, works: Works, *, number: int) -> object:
        """Do it."""
        ...


def race(ground: Ground, racer: Racer, *, processes: int) -> list[str]:
    """Let that many processes do it at once, at each of the moments; to whom they handed messages over."""
    line = FORKS.Barrier(processes, timeout=PATIENCE)
    with ProcessPoolExecutor(processes, mp_context=FORKS, initializer=_stand_at, initargs=(line,)) as pool:
        runs = [pool.submit(_run, ground, racer, number) for number in range(processes)]
        return [address for run in runs for address in run.result(timeout=2 * PATIENCE)]


def _stand_at(line: Barrier) -> None:
    global _line  # a barrier can only be handed to a process as it begins
    _line = line


def _run(ground: Ground, racer: Racer, number: int) -> list[str]:
    assert _line is not None
    database = Database.open(ground.url)
    works = Works(database, small_workspace(**ground.files), at=ground.moments[0])
    try:
        for moment in ground.moments:
            works.clock.move(moment)
            _line.wait()
            racer(works, number=number)
        return works.sent()
    finally:
        works.close()
        database.close()


def plan(works: Works, *, number: int) -> None:
    """A scheduler: enter who is due, move on what is due."""
    works.planner.tick(now=works.clock.now())
    works.planner.advance(now=works.clock.now())


def hand_over_one_by_one(works: Works, *, number: int) -> None:
    """Ten workers that take one delivery at a time, eight of them at any moment."""
    conductor.BATCH = 1
    workers = [works.another_conductor(f"worker {number}.{index}") for index in range(10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda worker: worker.drain("transactional") + worker.drain("bulk"), workers))
