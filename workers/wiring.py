"""The composition root: settings -> database, stores, planner, conductor. The only place that knows ports and what implements them."""

from __future__ import annotations

import getpass
import hmac
import os
import socket
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import final

import sqlalchemy as sa

from engage.channels.endpoint import load_outlets
from engage.contacts.zones import names_behind
from engage.delivery.asking import Asker
from engage.delivery.calling import Caller
from engage.delivery.conductor import Conductor
from engage.delivery.points import Reached, unheard
from engage.delivery.ports import Journal
from engage.delivery.posting import Poster
from engage.delivery.traffic import Traffic
from engage.feedback.guarding import Guard
from engage.feedback.mails import MailTaken
from engage.model.contact import Event
from engage.model.errors import NotThereError
from engage.model.workspace import QUEUES, Settings, Workspace
from engage.planning.planner import Planner
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import AWAY, Database
from engage.store.feedback.guarding import SqlTallies
from engage.store.installation.business_clock import StoredMoment
from engage.store.installation.diary import Diary
from engage.store.notes import RETENTION
from engage.store.people.contacts import SqlPeople
from engage.store.planning.transactions import SqlPlanning
from engage.templates import Templates
from engage.web.ports import Site
from workers.access import AllKeys, KeyRates
from workers.broker import Nudges, Queue, open_queue, senders
from workers.clocks import BusinessClock
from workers.drafts import Drafts
from workers.embedded import runs
from workers.endpoints import Endpoints
from workers.equipping import Equipping
from workers.hooking import open_hooks
from workers.intake import Intake
from workers.journal import FileJournal
from workers.monitoring.metrics import OTHER
from workers.monitoring.signals import DeliverySignals, PlanningSignals
from workers.orphans import Orphans
from workers.presence import is_gone, owner
from workers.returning import Returning
from workers.settling import Settling
from workers.snapshots import Accepted, Check, Folder
from workers.steering import Steering
from workers.ticker import Scheduling
from workers.tidying import Tidying
from workers.traffic import open_buckets, open_traffic
from workers.work import Work


@final
class Wired(Returning):
    """One process's parts over one workspace, each made when it is first asked for. Close it when done."""

    def __init__(self, root: Path, environment: Mapping[str, str], *, database: Database, settings: Settings, check: Check) -> None:
        self.root = root
        self.environment = environment
        self.database = database
        self.settings = settings
        self.reached: Reached = unheard  # set by tests and the fault suite before anything is sent
        self.clock = BusinessClock(StoredMoment(database))
        self._beside = database.beside()
        self.workspaces = SqlWorkspaces(self._beside)
        self.accepted = Accepted(self.workspaces, environment)
        self.folder = Folder(
            root, self.workspaces, environment=environment, clock=self.clock, check=check, accepted=self.accepted, settle=self.settle
        )

    @property
    def stored_clock(self) -> BusinessClock:
        """The clock as what can be moved: by the demo and by tests."""
        return self.clock

    @property
    def workspace(self) -> Workspace:
        """The newest accepted workspace."""
        return self.accepted.workspace()

    @cached_property
    def _planning_signals(self) -> PlanningSignals:
        return PlanningSignals(self.metrics)

    @property
    def operator(self) -> str:
        """Who gives the command: this machine's user."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            name = f"user {os.getuid()}"
        return f"{name}@{socket.gethostname()}"

    @property
    def templates(self) -> Templates:
        """The templates of the newest accepted workspace."""
        return Templates(self.workspace, secret=self.database.secret())

    @cached_property
    def planner(self) -> Planner:
        """Triggers x people -> runs -> deliveries."""
        store = SqlPlanning(self.database, workspace=self.accepted.workspace)
        return Planner(
            store, workspace=self.accepted.workspace, versions=self.accepted.version, zones_of=names_behind, refresh=self.accepted.reload,
            signals=self._planning_signals,
        )

    @cached_property
    def equipping(self) -> Equipping:
        """Templates and channels, for sending."""
        return Equipping(self.accepted.workspace, secret=self.database.secret(), loop=self.loop, reached=self.reached)

    @cached_property
    def journal(self) -> Journal:
        """Where this machine notes what providers take: beside the workspace, each database's by a mark of its own."""
        mark = hmac.digest(self.database.secret(), b"journal", "sha256").hex()[:16]
        return FileJournal(self.root / "var" / "journal", mark=mark)

    @cached_property
    def conductor(self) -> Conductor:
        """Due deliveries -> touches."""
        return Conductor(
            self.deliveries, equipment=self.equipping.equipment, versions=self.accepted.version_or_newest, identity=self.identity,
            clock=self.clock, loop=self.loop, traffic=self.traffic, owner=self.owner, reached=self.reached,
            journal=self.journal, signals=DeliverySignals(self.metrics),
        )

    @cached_property
    def owner(self) -> str:
        """What this process is called by others, as a worker."""
        return owner()

    @cached_property
    def traffic(self) -> Traffic:
        """By which providers messages go, how many, and how soon: as agreed with all workers."""
        return open_traffic(self.database, broker=self.settings.broker, directory=self.broker_directory, owner=self.owner)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Whom the step `call` asks."""
        return Endpoints(self.accepted.workspace, loop=self.loop)

    @cached_property
    def caller(self) -> Caller:
        """Due calls -> answers."""
        return Caller(
            self.calls, endpoints=self.endpoints.now, keys=self.identity, clock=self.clock, loop=self.loop, counted=self.metrics.call,
        )

    @cached_property
    def webhooks(self) -> Endpoints:
        """Who is told what happens."""
        return Endpoints(self.accepted.workspace, loop=self.loop, load=load_outlets)

    def poster(self) -> Poster:
        """Touches -> webhooks."""
        return Poster(
            self.postings, outlets=lambda: self.accepted.workspace().settings.webhooks, receivers=self.webhooks.now, loop=self.loop,
            seconds=monotonic, counted=self.metrics.post,
        )

    @cached_property
    def asker(self) -> Asker:
        """Unknown deliveries -> what their providers know of them."""
        return Asker(
            self.questions, channels=lambda: self.equipping.equipment().channels, identity=self.identity, clock=self.clock,
            loop=self.loop, clock_is_real=lambda: self.stored_clock.get() is None,
        )

    def settle(self, workspace: Workspace) -> None:
        """Work out the contacts' zones and dates anew, where what they hang on has changed."""
        Settling(self.database, SqlPeople(self.database, workspace=lambda: workspace)).settle(workspace.settings, now=self.clock.now())

    def zones_of(self, zone_key: str) -> tuple[str, ...]:
        """The zones that a key of the database stands for."""
        return names_behind(zone_key)

    def nudge(self) -> None:
        """Tell the workers that something may be due, where a broker runs already. Never fails: the sweep finds it anyway."""
        if self.settings.broker == "embedded" and not runs(self.broker_directory):
            return
        queue = open_queue(self.settings.broker, directory=self.broker_directory, environment=self.environment, start=False)
        try:
            nudges = senders(queue)
            nudges.advance()
            for name in QUEUES:
                nudges.drain(name)
        finally:
            queue.close()

    def take_mail(self, raw: bytes, *, recipients: Sequence[str]) -> MailTaken:
        """Take one mail."""
        return self.collecting(self.nudge).take(raw, recipients)

    @property
    def broker_directory(self) -> Path:
        """Where an embedded broker keeps its file."""
        return self.root / "var" / "valkey"

    def open_queue(self) -> Queue:
        """The queue of the settings; an embedded server is started."""
        return open_queue(self.settings.broker, directory=self.broker_directory, environment=self.environment)

    def work(self, *, threads: int) -> Work:
        """What a worker does."""
        return Work(
            plans=self.planner, conductor=self.conductor, caller=self.caller, rows=self.deliveries, calls=self.calls, clock=self.clock,
            threads=threads, moment=self._planning_signals.moment,
        )

    def orphans(self) -> Orphans:
        """What the dead of this machine had in hand."""
        return Orphans(self.deliveries, is_gone=is_gone, clock=self.clock)

    def scheduling(self, nudges: Nudges) -> Scheduling:
        """What a scheduler does."""
        guard = Guard(SqlTallies(self.database), workspace=self.accepted.workspace)
        return Scheduling(
            plans=self.planner, guard=guard, rows=self.deliveries, calls=self.calls, clock=self.clock, nudges=nudges,
            swept=self.metrics.swept.inc, moment=self._planning_signals.moment,
        )

    def tidying(self) -> Tidying:
        """What a scheduler does once a minute, and once a day."""
        return Tidying(
            merging=self.merging, privacy=self.privacy, keeping=self.keeping, diary=Diary(self.database, RETENTION), clock=self.clock,
            removed=self.metrics.retention,
        )

    def site(self, nudges: Nudges) -> Site:
        """What the web is made of."""
        intake = Intake(self.planner, clock=self.clock, nudges=nudges, counted=self._count_event)
        secret, lookup = self.database.secret(), self.inquiry.lookup
        buckets = open_buckets(self.database, broker=self.settings.broker, directory=self.broker_directory)
        return Site(
            workspace=self.accepted.workspace, clock=self.clock, secret=secret, intake=intake, letters=self.letters,
            people=self.people, ledger=self.ledger, history=self.history, feedback=self.feedback,
            hooks=open_hooks(self, intake, buckets), lookout=self.lookout(intake.told),
            keys=AllKeys(self.keys, given=self.environment.get("ENGAGE_API_KEY") or None), rates=KeyRates(buckets),
            steering=Steering(self.planner, self.operations, clock=self.clock), messages=self.messages, reports=self.reports,
            drafts=Drafts(self.accepted.workspace, secret=secret, lookup=lambda contact_id, now: lookup(contact_id, now=now)),
            problems=self.problems, away=AWAY, metrics=self.metrics.exposed,
            metrics_key=self.environment.get("ENGAGE_METRICS_KEY") or None,
        )

    def _count_event(self, event: Event, new: bool) -> None:
        """By its type where engage.yaml declares it: others send whatever they like."""
        self.metrics.event(event.type if event.type in self.workspace.settings.events else OTHER, new=new)

    def problems(self) -> Sequence[str]:
        """What keeps this process from serving, a sentence each, without any secret."""
        try:
            with self.database.read() as connection:
                connection.execute(sa.select(1))
            self.accepted.workspace()
        except sa.exc.SQLAlchemyError:
            return ["the database does not answer"]
        except NotThereError as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Let go of everything; nothing of it is in use any more. Safe to repeat."""
        if "equipping" in self.__dict__:
            self.equipping.close()
        for name in {"endpoints", "webhooks"} & self.__dict__.keys():
            self.__dict__[name].close()
        if "loop" in self.__dict__:
            self.loop.close()
        self._beside.close()
        self.database.close()
