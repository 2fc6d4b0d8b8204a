"""Simulate is no second engine: a running Engage on a moved clock, sending to local servers, writes the same touches."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from engage.model.contact import Event
from engage.model.history import Touch
from engage.model.workspace import QUEUES
from engage.planning.due import Due
from engage.rules.workspace import load
from engage.settings import load_settings, read_folder
from engage.simulation.timeline import Engine, Script, play
from engage.store.installation.copy import copy_into
from tests.integration.random_workspaces import END, START, World, a_world
from tests.servers.forks import Forked
from workers.broker import Nudges, senders
from workers.demo.catchers import SmsCatcher, SmtpCatcher, Tray
from workers.opening import open_wired
from workers.stage import Stage
from workers.wiring import Wired

PATIENCE = 60.0
PROVIDERS_OWN = {"reply", "status", "occasion"}
"""What a provider says of its own accord: a simulation has none. An occasion is called after its run's number."""


class Running:
    """An `engage run` of its own, driven by moving the business clock in its database."""

    def __init__(self, wired: Wired, nudges: Nudges) -> None:
        self._wired = wired
        self._nudges = nudges

    def now(self) -> datetime:
        return self._wired.clock.now()

    def move(self, to: datetime) -> None:
        self._wired.stored_clock.set(to)

    def next_moment(self, *, after: datetime) -> datetime | None:
        return self._wired.planner.next_moment(after=after)

    def happen(self, event: Event, *, now: datetime) -> bool:
        return self._wired.planner.happen(event, now=now)

    def tick(self, *, now: datetime) -> int:
        return self._wired.planner.tick(now=now)

    def look(self, *, now: datetime) -> None:
        self._wired.planner.look(now=now)

    def due(self, *, now: datetime) -> Due:
        return Due(runs=True, events=True, queues=QUEUES, people=False)

    def advance(self, *, now: datetime) -> int:
        self._nudges.advance()
        return 0

    def drain(self, queue: str) -> int:
        given_up = time.monotonic() + PATIENCE
        while self._wired.operations.work_left(now=self.now()):
            assert time.monotonic() < given_up, self._wired.operations.status(now=self.now())
            time.sleep(0.01)
        return 0


@contextmanager
def _engage_run(root: Path, environment: Mapping[str, str]) -> Iterator[None]:
    said = root / "said.log"
    process = Forked(["run", "--workspace", str(root), "--port", "0"], environment=environment, out=said, errors=said)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0, said.read_text()


def _rows(touches: Iterable[Touch], labels: Mapping[int, str]) -> list[str]:
    """Everything about a touch but our own numbers and the provider's."""
    return sorted(
        json.dumps(
            {
                "at": touch.at.isoformat(), "contact": labels.get(touch.contact_id or 0), "kind": touch.kind, "campaign": touch.campaign,
                "version": touch.version, "step": touch.step, "message": touch.message, "purpose": touch.purpose, "channel": touch.channel,
                "provider": touch.provider, "reason": touch.reason, "locale": touch.locale, "subject": touch.private.get("subject"),
                "segments": touch.private.get("segments"),
                "detail": {key: value for key, value in touch.detail.items() if key not in PROVIDERS_OWN and not _is_ours(value)},
            },
            sort_keys=True, default=str,
        )
        for touch in touches
    )


def _is_ours(value: object) -> bool:
    """The id of an event that a step raised has its run's number in it."""
    return isinstance(value, str) and value.startswith("run:")


@pytest.mark.parametrize(("seed", "database"), [(1, "sqlite_url"), (2, "sqlite_url"), (3, "postgres_url")])
@pytest.mark.timeout(240)
def test_a_running_engage_writes_the_touches_that_simulate_told(
    seed: int, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    world = a_world(seed)
    tray = Tray()
    with SmtpCatcher(tray, lambda: START) as smtp, SmsCatcher(tray, lambda: START) as sms:
        environment = {
            **os.environ, "SMTP_URL": smtp.url, "SMS_URL": sms.url, "SMS_SECRET": sms.secret,
            "DATABASE": str(request.getfixturevalue(database)),
        }
        wired = _founded(tmp_path, world, environment)
        told = _simulated(wired, tmp_path, world, environment)
        with _engage_run(tmp_path, environment):
            queue = wired.open_queue()
            running = Running(wired, senders(queue))
            engine = Engine(planner=running, conductor=running, clock=running, ledger=wired.ledger)
            for _ in play(engine, start=START, end=END, script=Script(events=world.events)):
                pass
            queue.close()
        written = _written(wired)
        wired.close()
    assert written == told
    assert any('"kind": "sent"' in row for row in written)
    assert len(tray.all()) == sum('"kind": "sent"' in row for row in written)


def _founded(root: Path, world: World, environment: Mapping[str, str]) -> Wired:
    for name, text in world.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    wired = open_wired(root, environment, files=read_folder(root), check=lambda files: ())
    wired.stored_clock.set(START)
    wired.close()
    wired = open_wired(root, environment, files=read_folder(root), check=lambda files: ())
    wired.people.upsert(world.people, now=START)
    wired.planner.tick(now=START)
    return wired


def _simulated(wired: Wired, root: Path, world: World, environment: Mapping[str, str]) -> list[str]:
    files = read_folder(root)
    workspace = load(files, load_settings(files, environment, root=root))
    with Stage(workspace, start=START) as stage:
        copy_into(wired.database, stage.database, as_of=START)
        lines = list(stage.play(start=START, end=END, script=Script(events=world.events)))
    labels = {line.contact.id: line.contact.label for line in lines if line.contact is not None}
    return _rows((line.touch for line in lines), labels)


def _written(wired: Wired) -> list[str]:
    lines = list(wired.history.tail(0, limit=100_000))
    labels = {line.touch.contact_id: line.label or "" for line in lines if line.touch.contact_id is not None}
    return _rows((line.touch for line in lines), labels)
