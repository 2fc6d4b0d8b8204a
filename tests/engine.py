"""The engine that sends, over a database of the test's, with channels that a test tells what to answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from engage.contacts.ports import Person
from engage.contacts.zones import names_behind
from engage.delivery.conductor import PATIENCE, Conductor
from engage.delivery.equipment import Equipment
from engage.delivery.identity import SignedIdentity
from engage.delivery.points import Point
from engage.delivery.ports import Journal, NoJournal, Renderer
from engage.delivery.signals import SILENT, Signals
from engage.delivery.traffic import Traffic
from engage.feedback.guarding import Guard
from engage.feedback.responses import Response
from engage.feedback.taking import Feedback
from engage.history.timeline import Filter
from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.model.workspace import Workspace
from engage.planning.planner import Planner
from engage.planning.versions import version_in
from engage.simulation.clock import MovableClock
from engage.simulation.timeline import Engine, Script, play, settle
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.feedback.guarding import SqlTallies
from engage.store.feedback.responses import SqlFeedback
from engage.store.history.touches import SqlHistory
from engage.store.installation.operating import SqlOperations
from engage.store.people.contacts import SqlPeople
from engage.store.people.erasing import SqlPrivacy
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from engage.store.people.merging import SqlMerging
from engage.store.planning.open_runs import active_by_campaign
from engage.store.planning.transactions import SqlPlanning
from engage.store.schema.tables import runs
from engage.templates import Templates
from tests.fakes.channel import FakeChannel
from workers.loop import LoopThread

MONDAY = datetime(2026, 2, 23, 12, 0, tzinfo=UTC)


class Works:
    """Everything that `engage run` is made of, in the test's own thread."""

    def __init__(
        self, database: Database, workspace: Workspace, *, at: datetime = MONDAY, journal: Journal | None = None
    ) -> None:
        self.database, self.workspace = database, workspace
        self.clock = MovableClock(at)
        self.channels = {way.key: FakeChannel() for channel in workspace.settings.channels.values() for way in channel.ways}
        self.shared: dict[str, Any] = {}
        self.at: dict[Point, Callable[[], None]] = {}
        self.older: list[Workspace] = []
        SqlWorkspaces(database).accept(workspace, now=at)
        self.people = SqlPeople(database, workspace=self._now)
        self.ledger = SqlLedger(database)
        self.suppressions = SqlSuppressions(database)
        self.operations = SqlOperations(database)
        self.merging = SqlMerging(database, workspace=self._now)
        self.privacy = SqlPrivacy(database, workspace=self._now)
        self.history = SqlHistory(database)
        self.journal = journal or NoJournal()
        self.deliveries = SqlDeliveries(database, workspace=self._now, versions=self.version, journal=self.journal)
        self.planner = Planner(
            SqlPlanning(database, workspace=self._now), workspace=self._now, versions=self.version, zones_of=names_behind
        )
        self.feedback = Feedback(SqlFeedback(database, workspace=self._now), workspace=self._now)
        self._loop = LoopThread()
        self._equipped: Equipment | None = None
        self.renderer: Callable[[Workspace], Renderer] = lambda workspace: Templates(workspace, secret=self.database.secret())
        self.conductor = self.another_conductor("test")
        guard = Guard(SqlTallies(database), workspace=self._now)
        self.engine = Engine(planner=self.planner, conductor=self.conductor, clock=self.clock, ledger=self.ledger, guard=guard)

    def another_conductor(
        self, owner: str, monotonic: Callable[[], float] = lambda: 0.0, signals: Signals = SILENT, patience: float = PATIENCE,
    ) -> Conductor:
        """One more worker on the same rows."""
        secret = self.database.secret()
        return Conductor(
            self.deliveries, equipment=self._equipment, versions=self.version,
            identity=SignedIdentity(secret=secret, domain="a.example"), clock=self.clock, loop=self._loop,
            traffic=Traffic(monotonic, **self.shared), owner=owner, reached=self._reached, journal=self.journal, signals=signals,
            patience=patience,
        )

    def _equipment(self) -> Equipment:
        if self._equipped is None or self._equipped.workspace is not self.workspace:
            for channel in self.channels.values():
                channel.handed_over = lambda: self._reached(Point.HANDED_OVER)
            self._equipped = Equipment(workspace=self.workspace, renderer=self.renderer(self.workspace), channels=dict(self.channels))
        return self._equipped

    def accept(self, workspace: Workspace) -> None:
        """Take up an edited workspace; runs keep the version that they entered with."""
        self.older.insert(0, self.workspace)
        self.workspace = workspace
        SqlWorkspaces(self.database).accept(workspace, now=self.clock.now())

    def know(self, *labels: str, **attributes: Any) -> None:
        """Import people who live in Ljubljana, each with a mail address."""
        persons = [
            Person(attributes={
                "external_id": label, "email": f"{label}@example.com", "timezone": "Europe/Ljubljana", "country": "SI",
                "birth_date": date(1990, 5, 5), **attributes,
            })
            for label in labels
        ]
        self.people.upsert(persons, now=self.clock.now())

    def happen(self, type_: str, contact: str, *, id: str | None = None, at: datetime | None = None, **data: Any) -> bool:
        """Tell of an event now."""
        moment = at or self.clock.now()
        event = Event(id=id or f"{type_}-{contact}-{moment}", type=type_, at=moment, data=data, contact_ref=contact)
        return self.planner.happen(event, now=self.clock.now())

    def respond(self, kind: Kind, message: str, contact: str, **about: Any) -> None:
        """Tell what came back now of the last such message to the contact."""
        now = self.clock.now()
        self.feedback.take([Response(kind=kind, at=now, message=message, contact=contact, **about)], now=now)

    def settle(self) -> None:
        """Do all that is due now."""
        settle(self.engine)

    def play(self, until: datetime, script: Script | None = None) -> None:
        """Let time go by."""
        for _ in play(self.engine, start=self.clock.now(), end=until, script=script):
            pass

    def sent(self) -> list[str]:
        """To whom messages were handed over, in order."""
        return [message.rendered.approved.address for channel in self.channels.values() for message in channel.sent]

    def touches(self, *kinds: Kind) -> Sequence[Touch]:
        """What is in the history, oldest first."""
        lines = self.history.timeline(Filter(kinds=frozenset(kinds)), limit=10_000)
        return [line.touch for line in reversed(lines)]

    def finish(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run it on the loop of the channels."""
        self._loop.run(coroutine)

    def close(self) -> None:
        """Let go of the loop. Whatever a test did, each active run must be found by what keeps it under way (`store/open_runs.py`)."""
        self._loop.close()
        active = sa.select(runs.c.campaign, sa.func.count()).where(runs.c.state == RunState.ACTIVE.value).group_by(runs.c.campaign)
        with self.database.read() as connection:
            assert active_by_campaign(connection) == {row[0]: row[1] for row in connection.execute(active)}

    def _reached(self, point: Point) -> None:
        if point in self.at:
            self.at[point]()

    def _now(self) -> Workspace:
        return self.workspace

    def version(self, name: str, version: str) -> Campaign | None:
        """The campaign as a run entered with it."""
        return next(filter(None, (version_in(each, name, version) for each in (self.workspace, *self.older))), None)
