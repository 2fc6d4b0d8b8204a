"""A stage: the engine that sends, assembled over a database in memory, silent channels and a clock that jumps."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, final

from engage.contacts.importing import import_file
from engage.contacts.zones import names_behind
from engage.delivery.buckets import BottomlessBuckets
from engage.delivery.conductor import Conductor
from engage.delivery.equipment import Equipment
from engage.delivery.identity import SignedIdentity
from engage.delivery.traffic import Traffic
from engage.feedback import Feedback
from engage.feedback.guarding import Guard
from engage.model.campaign import Campaign
from engage.model.contact import Consent, Contact, Event
from engage.model.errors import InputError
from engage.model.history import Touch
from engage.model.steps import Call, every_step
from engage.model.workspace import Workspace
from engage.planning.planner import Planner
from engage.planning.progress import Seen
from engage.planning.versions import live_campaigns, version_in
from engage.rules.answers import Answer, GivenAnswer, GivenReply
from engage.rules.campaign_tests import CampaignTest
from engage.rules.workspace import read_workspace
from engage.simulation.answering import Answers, Asked
from engage.simulation.calling import Replies, Replying
from engage.simulation.channels import SilentChannel
from engage.simulation.clock import MovableClock
from engage.simulation.lines import Line
from engage.simulation.timeline import Answering, Engine, Script, play
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.delivery.volumes import SqlVolumes
from engage.store.feedback.guarding import SqlTallies
from engage.store.feedback.letters import SqlLetters
from engage.store.feedback.responses import SqlFeedback
from engage.store.history.touches import SqlHistory
from engage.store.people.contacts import SqlPeople
from engage.store.people.ledger import SqlLedger
from engage.store.planning.transactions import SqlPlanning
from engage.templates import Templates

Result = TypeVar("Result")

AT_ONCE = 500
"""How many touches are read at once."""


@final
class Stage:
    """An engine of its own, for as long as the block lasts."""

    def __init__(self, workspace: Workspace, *, start: datetime, seen: Seen = lambda campaign, path: None) -> None:
        self._workspace = workspace
        self._seen = seen
        self._clock = MovableClock(start)
        self._closing = ExitStack()
        self.database = Database.open("sqlite://")
        self._closing.callback(self.database.close)
        self.database.migrate()
        self._planning = SqlPlanning(self.database, workspace=self._now)
        self.people = SqlPeople(self.database, workspace=self._now)
        self._ledger = SqlLedger(self.database)
        self._history = SqlHistory(self.database)
        self._letters = SqlLetters(self.database, workspace=self._now)
        self._workspaces = SqlWorkspaces(self.database)
        self._contacts: dict[int, Contact] = {}
        self._versions: dict[tuple[str, str], Campaign | None] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def play(
        self, *, start: datetime, end: datetime, script: Script, reached: Callable[[datetime], None] = lambda moment: None
    ) -> Iterator[Line]:
        """Each touch, in the order of writing. What the copy brought is not told again."""
        self._workspaces.accept(self._workspace, now=start)
        self._be_live_before(start)
        news = News(self._history)
        for moment in play(self._engine(), start=start, end=end, script=script):
            reached(moment)
            for touches in news.batches():
                yield from self._lines(touches)

    def settle(self, people: Path, *, now: datetime) -> None:
        """Import a contacts file; rows that cannot be taken are left out, and nothing is written beside the file."""
        with TemporaryDirectory() as scratch:
            copy = Path(shutil.copy(people, scratch))
            import_file(copy, people=self.people, settings=self._workspace.settings, now=now)

    def script(self, answers: Sequence[Answer], *, events: Sequence[Event] = (), consents: Sequence[Consent] = ()) -> Script:
        """What happens outside. Nobody looks for answers where none can come. Raises InputError for an answer of somebody unknown."""
        asked = [Asked(answer=each, contact_id=self._whom(each)) for each in answers if isinstance(each, GivenAnswer)]
        replies = [Replying(reply=each, contact_id=self._whom(each)) for each in answers if isinstance(each, GivenReply)]
        settings, contact = self._workspace.settings, self._letters.reader
        answering = list[Answering]()
        if asked:
            feedback = Feedback(SqlFeedback(self.database, workspace=self._now), workspace=self._now)
            answering.append(Answers(asked, news=News(self._history), contact=contact, feedback=feedback, settings=settings))
        if replies or any(isinstance(step, Call) for each in self._workspace.campaigns.values() for step in every_step(each.steps)):
            answering.append(Replies(replies, calls=SqlCalls(self.database), contact=contact, settings=settings))
        return Script(events=events, consents=consents, answering=answering)

    def _whom(self, answer: Answer) -> int | None:
        return None if answer.contact is None else self.contact_named(answer.contact).id

    def script_of(self, test: CampaignTest) -> Script:
        """What the test says of the world, about the contacts as they are stored."""
        consents = [
            Consent(
                contact_id=self.contact_named(given.contact).id, purpose=given.purpose, channel=given.channel, granted=given.granted,
                at=given.at, source=f"test:{test.name}",
            )
            for given in test.consents
        ]
        self._ledger.record([consent for consent in consents if consent.at < test.clock_from])
        later = [consent for consent in consents if consent.at >= test.clock_from]
        return self.script(test.answers, events=test.events, consents=later)

    def contact_named(self, reference: str) -> Contact:
        """By external id, email or phone. Raises InputError where nobody is."""
        contact = self.people.find(reference)
        if contact is None:
            raise InputError.of(f"no contact is known as {reference!r}", file="<simulation>")
        return contact

    def _engine(self) -> Engine:
        secret = self.database.secret()
        conductor = Conductor(
            SqlDeliveries(self.database, workspace=self._now, versions=self._version),
            equipment=self._equipment(secret), versions=self._version,
            identity=SignedIdentity(secret=secret, domain="simulation.invalid"), clock=self._clock, loop=self._loop(),
            traffic=Traffic(lambda: 0.0, buckets=BottomlessBuckets(), volumes=SqlVolumes(self.database)), owner="simulation",
        )
        planner = Planner(self._planning, workspace=self._now, versions=self._version, zones_of=names_behind, seen=self._seen)
        guard = Guard(SqlTallies(self.database), workspace=self._now)
        return Engine(planner=planner, conductor=conductor, clock=self._clock, ledger=self._ledger, guard=guard)

    def _equipment(self, secret: bytes) -> Callable[[], Equipment]:
        ways = (way.key for channel in self._workspace.settings.channels.values() for way in channel.ways)
        channels = dict.fromkeys(ways, SilentChannel())
        equipment = Equipment(workspace=self._workspace, renderer=Templates(self._workspace, secret=secret), channels=channels)
        return lambda: equipment

    def _loop(self) -> OwnLoop:
        return OwnLoop(self._closing.enter_context(asyncio.Runner()))

    def _now(self) -> Workspace:
        return self._workspace

    def _version(self, name: str, version: str) -> Campaign | None:
        """The campaign as a run entered with it: as it is now, or of an earlier snapshot that the copy brought along."""
        now = self._workspace.campaigns.get(name)
        if now is not None and now.version == version:
            return now
        if (name, version) not in self._versions:
            files = self._workspaces.files_of_version(name, version)
            then = None if files is None else read_workspace(files, self._workspace.settings, [])
            self._versions[name, version] = None if then is None else version_in(then, name, version)
        return self._versions[name, version]

    def _be_live_before(self, start: datetime) -> None:
        """Campaigns have been live all along, so that what is due at the very first moment comes."""
        with self._planning.transaction() as tx:
            for campaign in live_campaigns(self._workspace, start):
                tx.move_planned_until(campaign.name, start - timedelta(microseconds=1))

    def _lines(self, touches: Sequence[Touch]) -> Iterator[Line]:
        ids = {touch.contact_id for touch in touches if touch.contact_id is not None}
        if new := ids - self._contacts.keys():
            self._contacts.update(self._letters.readers(new))
        for touch in touches:
            yield Line(touch=touch, contact=self._contacts.get(touch.contact_id or 0))


@final
class News:
    """The touches that were written since it looked last; at first since it was made."""

    def __init__(self, history: SqlHistory) -> None:
        self._history = history
        self._last = history.newest()

    def __call__(self) -> Iterator[Touch]:
        """Each of them."""
        return chain.from_iterable(self.batches())

    def batches(self) -> Iterator[Sequence[Touch]]:
        """Some at a time."""
        full = True
        while full and (lines := self._history.tail(self._last, limit=AT_ONCE)):
            self._last, full = lines[-1].id, len(lines) == AT_ONCE
            yield [line.touch for line in lines]


@final
class OwnLoop:
    """The loop for channels that wait for nothing: run in the very thread that asks, which does the work of all other threads too."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._loop = runner.get_loop()
        self._loop.set_default_executor(_AtOnce())

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run it to its end."""
        return self._loop.run_until_complete(coroutine)  # without the signals that `run` of the runner sets up each time


@final
class _AtOnce(ThreadPoolExecutor):
    """Does what it is given there and then: nothing waits for a thread, and nobody for its answer."""

    def submit(self, work: Callable[..., Result], /, *given: Any, **named: Any) -> Future[Result]:
        """Do it."""
        done = Future[Result]()
        try:
            done.set_result(work(*given, **named))
        except BaseException as error:  # noqa: BLE001  # raised by whoever asks for the result
            done.set_exception(error)
        return done
