"""A worker that is killed at a named point of its work, as `kill -9` does: no line of it runs any more."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from engage.delivery import conductor
from engage.delivery.points import Point
from engage.delivery.ports import Renderer
from engage.model.delivery import Approved, Cleared, Given, Receipt, Rendered
from engage.rules.expressions import Lookup
from engage.store.database import Database
from engage.store.schema.tables import batches
from engage.templates import Templates
from tests.engine import Works
from tests.fakes.channel import FakeChannel
from tests.servers.racing import FORKS
from tests.small import small_workspace
from workers.journal import FileJournal


class Recording(FakeChannel):
    """A provider that writes down what it has in a file, which outlives whoever handed it over."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    async def send(self, cleared: Cleared) -> Receipt:
        """Take it."""
        with self._log.open("a") as lines:
            lines.write(f"{cleared.rendered.approved.address}\n")
        return await super().send(cleared)


def kill_at(
    point: Point, *, url: str, files: Mapping[str, str | None], at: datetime, log: Path, journal: Path | None = None, passage: int = 1,
) -> None:
    """Start a worker that takes five deliveries at a time, and have it killed when it comes to the point for the so-manieth time."""
    worker = FORKS.Process(target=_work_until, args=(point, url, files, at, log, journal, passage))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL


class Deadly:
    """Renders as `templates` does, until it comes to the one of whom the process dies."""

    def __init__(self, templates: Renderer, label: str) -> None:
        self._templates = templates
        self._label = label

    def render(self, approved: Approved, *, given: Given, now: datetime, lookup: Lookup | None = None) -> Rendered:
        """Render it, or die."""
        if approved.contact.label == self._label:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._templates.render(approved, given=given, now=now, lookup=lookup)


def dies_of(label: str, *, url: str, files: Mapping[str, str | None], at: datetime, log: Path, journal: Path) -> bool:
    """Start a worker that dies when it renders the message to this contact; whether it did, or came to the end of its work."""
    worker = FORKS.Process(target=_work_with, args=(label, url, files, at, log, journal))
    worker.start()
    worker.join(60)
    assert worker.exitcode in (0, -signal.SIGKILL)
    return worker.exitcode != 0


def let_leases_end(works: Works) -> None:
    """What the dead had in hand is free for the others, without waiting for it."""
    with works.database.begin() as connection:
        connection.execute(sa.update(batches).values(lease_until=works.clock.now().replace(year=2000)))
    works.deliveries.sweep(now=works.clock.now())


def _work_until(
    point: Point, url: str, files: Mapping[str, str | None], at: datetime, log: Path, journal: Path | None, passage: int
) -> None:
    conductor.BATCH = 5
    works = Works(Database.open(url), small_workspace(**files), at=at, journal=FileJournal(journal, mark="test") if journal else None)
    works.channels = {"email": Recording(log)}
    passages = count(1)
    works.at[point] = lambda: os.kill(os.getpid(), signal.SIGKILL) if next(passages) == passage else None
    works.conductor.drain("bulk")


def _work_with(label: str, url: str, files: Mapping[str, str | None], at: datetime, log: Path, journal: Path) -> None:
    works = Works(Database.open(url), small_workspace(**files), at=at, journal=FileJournal(journal, mark="test"))
    works.channels = {"email": Recording(log)}
    works.renderer = lambda workspace: Deadly(Templates(workspace, secret=works.database.secret()), label)
    works.conductor.drain("bulk")
    works.close()
