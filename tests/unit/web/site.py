"""A site over a database in memory: Ana, who was sent a birthday wish by email, and the links that stood in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from starlette.testclient import TestClient

from engage.contacts.consent import states
from engage.contacts.ports import Person
from engage.contacts.zones import names_behind
from engage.delivery.buckets import LocalBuckets
from engage.delivery.identity import SignedIdentity
from engage.feedback import Feedback
from engage.feedback.lookout import Lookout
from engage.feedback.texts import Texts
from engage.hooks import Hooks
from engage.model.access import Role
from engage.model.addresses import address_key
from engage.model.campaign import Campaign
from engage.model.contact import AttributeKind, ChannelKind, Event
from engage.model.history import Kind, Touch
from engage.model.tokens import TokenPayload, sign, sign_with
from engage.model.workspace import Basis, Queue, Settings, Workspace
from engage.planning.planner import Planner
from engage.planning.versions import version_in
from engage.rules.expressions import Lookup
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import AWAY, Database
from engage.store.expressions.lookups import SqlLookup
from engage.store.feedback.hooks import SqlHookMemory
from engage.store.feedback.letters import SqlLetters
from engage.store.feedback.responses import SqlFeedback
from engage.store.feedback.texting import SqlTexts
from engage.store.history.reports import SqlReports
from engage.store.history.touches import SqlHistory
from engage.store.installation.keys import SqlKeys
from engage.store.installation.operating import SqlOperations
from engage.store.people.contacts import SqlPeople
from engage.store.people.ledger import SqlLedger
from engage.store.planning.messages import SqlMessages
from engage.store.planning.transactions import SqlPlanning
from engage.store.rows.rows import add_touches
from engage.store.schema.api import metadata
from engage.store.schema.tables import deliveries, runs, touches
from engage.web.app import create_app
from engage.web.ports import Rates, Site
from tests.builders import NOON, a_purpose, a_workspace, some_settings
from tests.fakes.network import FakeNetwork
from workers.access import AllKeys, HookRates, KeyRates
from workers.drafts import Drafts
from workers.intake import Intake
from workers.monitoring.metrics import Metrics
from workers.monitoring.watched import WatchedApp
from workers.steering import Steering

TEXT, NUMBER = AttributeKind.TEXT, AttributeKind.NUMBER
EVENTS = {
    "csat.answered": {"ticket_id": TEXT, "score": NUMBER}, "csat.commented": {"ticket_id": TEXT, "comment": TEXT},
    "nps.answered": {"score": NUMBER}, "visit.planned": {"day": TEXT}, "consent.confirmed": {"purpose": TEXT, "channel": TEXT},
}
KEY = "a-key-of-the-tests"
"""The key of the environment, which may do everything."""
PRIVATE = {"address": "ana@example.com", "subject": "Vse najboljše, Ana!", "text": "Vse najboljše!", "html": "<p>Vse <b>najboljše</b>!</p>"}


@cache
def _empty() -> sqlite3.Connection:
    """All tables, made once: each visitor's database is a copy."""
    made = sqlite3.connect(":memory:", check_same_thread=False)
    engine = sa.create_engine("sqlite://", creator=lambda: made, poolclass=sa.StaticPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
    return made


@dataclass
class FakeIntake:
    """Takes each id once, and counts how often it was told that all are in."""

    taken: dict[str, Event] = field(default_factory=dict)
    nudged: int = 0

    def take_all(self, events: Sequence[Event]) -> Sequence[bool]:
        return [self.take(event) for event in events]

    def take(self, event: Event) -> bool:
        new = event.id not in self.taken
        self.taken.setdefault(event.id, event)
        return new

    def trace(self) -> str | None:
        return None

    def told(self, *, queue: Queue | None = None) -> None:
        self.nudged += 1

    def advance(self) -> None:
        """As the nudges of a broker."""
        self.nudged += 1

    def drain(self, queue: str, *, times: int = 1) -> None:
        """Likewise."""
        self.nudged += 1


@dataclass
class FixedClock:
    """Noon, until a test says otherwise."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment


class Visitor:
    """A browser, a program, a mail scanner: whoever comes to the site."""

    def __init__(
        self, *, api_key: str | None = KEY, metrics_key: str | None = None, purpose: str = "care", locale: str = "sl",
        intake: FakeIntake | None = None, settings: Settings | None = None, wording: str | None = None,
        trigger: dict[str, object] | None = None, workspace: Workspace | None = None, url: str = "sqlite://",
        rates: Rates | None = None, **private: object,
    ) -> None:
        """With a `workspace` of its own it is the real thing behind: events go to the planner, and campaigns are accepted."""
        settings = settings or some_settings()
        purposes = {
            "care": a_purpose(title="Birthday wishes"), "marketing": a_purpose("marketing", title="News", wording=wording),
            "service": settings.purposes["service"],
            "club": a_purpose("club", title="The club", consent=dict.fromkeys(ChannelKind, Basis.OPT_IN)),
        }
        usual = a_workspace(settings=replace(settings, purposes=purposes, events={**settings.events, **EVENTS}))
        self.workspace: Workspace = workspace or usual
        self.database = Database.open(url)
        self._create()
        if workspace is not None:
            SqlWorkspaces(self.database).accept(workspace, now=NOON)
        self.people = SqlPeople(self.database, workspace=lambda: self.workspace)
        self.ledger = SqlLedger(self.database)
        self.intake = intake if intake is not None else FakeIntake()
        self.keys = SqlKeys(self.database)
        self.operations = SqlOperations(self.database)
        self.monotonic = 0.0
        self.metrics = Metrics()
        self.problems: list[str] = []
        self.clock, self.machine, self.network = FixedClock(), FixedClock(), FakeNetwork()
        self.identity = SignedIdentity(secret=self.database.secret(), domain="aurora.example")
        feedback = Feedback(SqlFeedback(self.database, workspace=lambda: self.workspace), workspace=lambda: self.workspace)
        texts = Texts(SqlTexts(self.database, workspace=lambda: self.workspace), workspace=lambda: self.workspace)
        memory = SqlHookMemory(self.database, workspace=lambda: self.workspace)
        self.ana = self._contact("ana", "ana@example.com", locale)
        self.run = self._run(trigger or {})
        self.delivery = self._sent(purpose, locale, {**PRIVATE, **private})
        hooks = Hooks(
            workspace=lambda: self.workspace, clock=self.clock, machine_now=self.machine.now, intake=self.intake, responses=feedback,
            memory=memory, texts=texts, network=self.network, delivery_in=self.identity.delivery_in,
            rates=HookRates(LocalBuckets(lambda: self.monotonic)),
        )
        planned = Intake(self._planner(), clock=self.clock, nudges=self.intake) if workspace is not None else self.intake
        self.lookout = Lookout(
            feedback, SqlLetters(self.database, workspace=lambda: self.workspace), workspace=lambda: self.workspace, clock=self.clock,
            seconds=lambda: self.monotonic, away=AWAY, counted=self.metrics.sight, told=self.intake.told,
        )
        site = Site(
            workspace=lambda: self.workspace, clock=self.clock, secret=self.database.secret(), intake=planned,
            letters=SqlLetters(self.database, workspace=lambda: self.workspace), people=self.people, ledger=self.ledger,
            history=SqlHistory(self.database), keys=AllKeys(self.keys, given=api_key),
            rates=rates or KeyRates(LocalBuckets(lambda: self.monotonic)),
            reports=SqlReports(self.database, workspace=lambda: self.workspace),
            steering=Steering(self._planner(), self.operations, clock=self.clock), messages=SqlMessages(self.database),
            drafts=Drafts(lambda: self.workspace, secret=self.database.secret(), lookup=self._lookup),
            feedback=feedback, lookout=self.lookout, hooks=hooks, problems=lambda: self.problems, away=AWAY, metrics=self.metrics.exposed,
            metrics_key=metrics_key,
        )
        app = WatchedApp(create_app(site), self.metrics)
        self.client = TestClient(app, base_url="http://engage.test", follow_redirects=False, raise_server_exceptions=False)

    def _planner(self) -> Planner:
        store = SqlPlanning(self.database, workspace=lambda: self.workspace)
        return Planner(store, workspace=lambda: self.workspace, versions=self._version, zones_of=names_behind)

    def _version(self, name: str, version: str) -> Campaign | None:
        return version_in(self.workspace, name, version)

    def _lookup(self, contact_id: int, now: datetime) -> Lookup:
        return SqlLookup(self.database.read, workspace=self.workspace, contact_id=contact_id, now=now)

    def key(self, role: Role, *, rate: float = 100.0, expires_in: timedelta | None = None) -> dict[str, str]:
        """The headers of a new key."""
        _, text = self.keys.create(role.value, role, rate=rate, expires_in=expires_in)
        return {"Authorization": f"Bearer {text}"}

    def _create(self) -> None:
        connection = self.database.engine.raw_connection()
        assert isinstance(connection.driver_connection, sqlite3.Connection)
        _empty().backup(connection.driver_connection)
        connection.close()

    def _contact(self, external_id: str, email: str, locale: str) -> int:
        told = Person(attributes={"external_id": external_id, "email": email, "phone": "+38640123456", "locale": locale})
        (stored,) = self.people.upsert([told], now=NOON)
        assert stored.contact_id is not None
        return stored.contact_id

    def neighbour(self) -> int:
        """Somebody else who reads the same mailbox."""
        return self._contact("ana-too", "ana@example.com", "sl")

    def _run(self, trigger: dict[str, object]) -> int:
        row = {
            "campaign": "birthday", "version": "v1", "contact_id": self.ana, "key": "k", "state": "active", "entered_at": NOON,
            "intended_at": NOON, "position": "0", "since": NOON, "trigger": trigger, "variables": {},
        }
        with self.database.begin() as connection:
            return int(connection.execute(runs.insert().returning(runs.c.id).values(row)).scalar_one())

    def _sent(self, purpose: str, locale: str, private: dict[str, object]) -> int:
        key = address_key(self.database.secret(), ChannelKind.EMAIL, "ana@example.com")
        with self.database.begin() as connection:
            delivery = connection.scalar(
                deliveries.insert().returning(deliveries.c.id).values(
                    campaign="birthday", version="v1", step="0", message="birthday", purpose=purpose, contact_id=self.ana, queue="bulk",
                    priority=5, intended_at=NOON, due_at=NOON, expires_at=NOON, state="sent", payload={}, tried=[], channel="email",
                    address_key=key, sending_at=NOON, run_id=self.run,
                )
            )
        assert delivery is not None
        sent = Touch(at=NOON, contact_id=self.ana, kind=Kind.SENT, delivery_id=delivery, channel="email", locale=locale, private=private)
        with self.database.begin() as connection:
            add_touches(connection, [sent])
        return int(delivery)

    def link(self, kind: str, *, delivery: int | None = None, contact: int | None = None) -> str:
        """The path of a link of the message."""
        payload = TokenPayload(delivery_id=delivery or self.delivery, contact_id=contact or self.ana)
        return f"/{kind}/{sign(self.database.secret(), kind, payload)}"

    def answer(self, kind: str, **said: object) -> str:
        """The path of a link of the message that carries something."""
        payload = TokenPayload(delivery_id=self.delivery, contact_id=self.ana)
        return f"/{kind}/{sign_with(self.database.secret(), kind, payload, json.dumps(said))}"

    def state(self, purpose: str, channel: str) -> bool:
        """Whether Ana may be written to for the purpose by that kind of channel."""
        found = states(self.ledger.lines(self.ana), [self.workspace.settings.purposes[purpose]], contact_id=self.ana, now=self.clock.now())
        return next(state.may_write for state in found if state.channel == channel)

    def lines(self, contact: int | None = None) -> list[tuple[str, str | None, bool]]:
        """The ledger of a contact."""
        return [(line.purpose, line.channel, line.granted) for line in self.ledger.lines(contact or self.ana)]

    def touches(self) -> list[str]:
        """The kinds of touch in the history, in order."""
        with self.database.read() as connection:
            return list(connection.scalars(sa.select(touches.c.kind).order_by(touches.c.id)))
