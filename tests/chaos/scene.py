"""One fault run's scene: all its parts in one place, and the rules of the house: who dies is born again, armed as the run wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Literal, Self

import sqlalchemy as sa

from engage.delivery.points import Point
from engage.store.schema.tables import batches, contacts, deliveries, events, runs
from tests.chaos.clients import KEY, Clients, free_port
from tests.chaos.company import found
from tests.chaos.family import Death, Family
from tests.chaos.kills import Kills
from tests.chaos.received import Provider
from tests.chaos.servers import Database, Postgres, Sqlite, Valkey
from tests.chaos.window import Window

FAR: Mapping[Point, int] = {Point.HANDED_OVER: 150, Point.ACCEPTED: 150}
"""Up to which passage a fault may wait at a point; elsewhere up to the third, as they are passed once a batch or slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to come to. `freeze` is how long a worker is stopped; more than a lease of 30 s loses it.

    A disturbance comes `every` so many seconds where the work goes on, and after `at_the_latest` in any case. After `within` seconds
    nothing is disturbed any more, whatever was reached.
    """

    database: Literal["sqlite", "postgresql"]
    messages: int
    kills: int
    seed: int
    contacts: int
    every: float
    at_the_latest: float
    freeze: float
    within: float
    workers: int = 3
    schedulers: int = 2


class Scene:
    """The servers, the provider, the processes and the clients of one run."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self.plan = plan
        self.dice = Random(plan.seed)
        self.armed = True
        self.frozen: list[tuple[float, float]] = []
        self.disturbances: list[str] = []
        self.root = directory / "company"
        self._directory = directory
        self._points = self.dice.sample(list(Point), len(Point))
        self._deaths = 0
        self._port = free_port()
        self.dusk = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)

    def __enter__(self) -> Self:
        self._running = ExitStack()
        enter = self._running.enter_context
        database: Database = Sqlite(self._directory) if self.plan.database == "sqlite" else Postgres()
        self.database = enter(database)
        self.valkey = enter(Valkey(self._directory / "valkey"))
        self.provider = enter(Provider(self._directory / "provider.log"))
        self.environment = {
            "DATABASE": self.database.url, "BROKER": self.valkey.url, "SMTP_URL": self.provider.smtp_url, "SMS_URL": self.provider.sms_url,
            "ENGAGE_API_KEY": KEY,
        }
        found(self.root, contacts=self.plan.contacts, environment=self.environment, dusk=self.dusk)
        self.window = Window(self.database.own)
        self._running.callback(self.window.close)
        self.kills = Kills(self.window)
        self.family = enter(Family(self.root, self._directory, environment=self.environment, on_death=self._died))
        self.clients = Clients(self._port, contacts=self.plan.contacts, dice=Random(self.plan.seed + 1))
        return self

    def __exit__(self, *failed: object) -> None:
        self.armed = False
        self._running.__exit__(None, None, None)

    def begin(self) -> None:
        """Start every process."""
        self._bear("web")
        for name, many in (("scheduler", self.plan.schedulers), ("worker", self.plan.workers)):
            for _ in range(many):
                self._bear(name)

    def calm_down(self) -> None:
        """Break nothing any more: whoever is armed is replaced by one that is not."""
        self.armed = False
        for pid in self.family.alive("worker"):
            self.family.go_on(pid)
            self.family.end(pid)

    def is_quiet(self) -> bool:
        """Whether nothing is left to do."""
        under_way = deliveries.c.state.in_(("waiting", "sending"))
        return not (
            self.window.count(deliveries, under_way) or self.window.count(batches) or self.window.count(events, events.c.pending)
            or self.window.count(runs, runs.c.due_at.is_not(None))
        )

    def backlog(self) -> int:
        """How many deliveries wait."""
        return self.window.count(deliveries, deliveries.c.state == "waiting")

    def contact_ids(self) -> Mapping[str, int]:
        """The contacts' ids by their external ids."""
        return {row.external_id: row.id for row in self.window.rows(sa.select(contacts.c.id, contacts.c.external_id))}

    def _bear(self, name: str) -> None:
        match name:
            case "web":
                self.family.bear("web", "--port", str(self._port))
            case "worker":
                self.family.bear("worker", fault=self._fault() if self.armed and len(self.kills.hits) < self.plan.kills else None)
            case _:
                self.family.bear(name)

    def _fault(self) -> str:
        """Where the next worker is to die: every point in turn, at some passage of it."""
        point = self._points[self._deaths % len(self._points)]
        self._deaths += 1
        return f"{point}:kill:{self.dice.randint(1, FAR.get(point, 3))}"

    def _died(self, death: Death) -> None:
        if death.name == "worker":
            self.kills.record(death)
        if death.name in self.wanted:
            self._bear(death.name)

    wanted: Sequence[str] = ("web", "scheduler", "worker")
    """Who is born again; nobody at the end."""
