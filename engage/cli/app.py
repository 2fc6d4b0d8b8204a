"""What the commands need of the composition root, which alone makes stores and adapters. Commands stay thin.

`App` is the context object of every command: `app_of(context).open(directory)` gives the workspace's `Office`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol, cast, final

import typer

from engage.contacts.auditing import Audit
from engage.contacts.merging import Merging
from engage.contacts.ports import Ledger, People, Suppressions
from engage.contacts.privacy import Privacy
from engage.contacts.retention import Keeping
from engage.delivery.equipment import Identity
from engage.delivery.reviewing import IllEnded
from engage.feedback.mails import MailTaken
from engage.history.report import Reports
from engage.history.timeline import History, Notebook
from engage.model.access import Key, Role
from engage.model.content import Content
from engage.model.time import Clock, Duration
from engage.model.workspace import Files, Settings, Workspace
from engage.planning.observed import Sightings
from engage.planning.planner import Planner
from engage.rules.campaign_tests import CampaignTest
from engage.simulation.explaining import Inquiry
from engage.simulation.lines import Line
from engage.simulation.plan import Plan
from engage.simulation.rehearsing import Rehearsal
from engage.templates import Findings, Templates

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", envvar="ENGAGE_WORKSPACE", show_default=False,
        help="The workspace's folder; default: that of the nearest engage.yaml, upwards from here.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON (one object a line for lists).")]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be rendered."""

    channel: str
    locale: str
    content: Content


class Operations(Protocol):
    """What operators do and look at."""

    def pause(self, scope: str, name: str, *, now: datetime, reason: str | None = None) -> None:
        """Stop entries and hand-offs of `campaign` or `channel` NAME, or of `all` (name: empty)."""
        ...

    def resume(self, scope: str, name: str, *, now: datetime) -> None:
        """Take a pause back; what it held becomes due."""
        ...

    def pauses(self) -> Sequence[Mapping[str, object]]:
        """What is paused: scope and name, among other things."""
        ...

    def approve(self, campaign: str, *, now: datetime) -> None:
        """Let a campaign go that reached more people than `guards.max_audience`."""
        ...

    def status(self, *, now: datetime) -> Mapping[str, object]:
        """Figures of what is waiting, held, under way and unknown, as JSON values."""
        ...

    def work_left(self, *, now: datetime) -> int:
        """How many runs, deliveries and events are due at this business moment or in hand, retries to come among them."""
        ...


class Keys(Protocol):
    """The keys of the API."""

    def create(self, name: str, role: Role, *, rate: float, expires_in: timedelta | None = None) -> tuple[Key, str]:
        """A new key, and its text, which is told this once."""
        ...

    def every(self) -> Sequence[Key]:
        """All that were ever made, the oldest first."""
        ...

    def revoke(self, key_id: int) -> bool:
        """Let it open nothing any more; False where there is no such key, or it was revoked before."""
        ...


class Webhooks(Protocol):
    """What people order of webhooks."""

    def replay(self, webhook: str, *, since: datetime, before: datetime | None, now: datetime) -> int:
        """Tell it again what happened from that moment on, and before the other; of how many touches. Raises InputError."""
        ...

    def resume(self, webhook: str, *, skip: bool) -> int:
        """Go on at once where it failed, or behind the touch that is not taken; how many of its lanes had failed."""
        ...


class Engaged(Protocol):
    """A workspace with its database open, migrated and holding the newest accepted snapshot."""

    @property
    def workspace(self) -> Workspace: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def people(self) -> People: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def suppressions(self) -> Suppressions: ...
    @property
    def merging(self) -> Merging: ...
    @property
    def privacy(self) -> Privacy: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def keeping(self) -> Keeping: ...
    @property
    def history(self) -> History: ...
    @property
    def notebook(self) -> Notebook: ...
    @property
    def sightings(self) -> Sightings: ...
    @property
    def planner(self) -> Planner: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def postings(self) -> Webhooks: ...
    @property
    def ill_ended(self) -> IllEnded: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def inquiry(self) -> Inquiry: ...
    @property
    def templates(self) -> Templates: ...

    @property
    def operator(self) -> str:
        """Who gives the command, for the touches that say who decided."""
        ...

    def take_mail(self, raw: bytes, *, recipients: Sequence[str]) -> MailTaken:
        """Take a mail that came back, for these recipients of its envelope. Safe to repeat."""
        ...

    def zones_of(self, zone_key: str) -> tuple[str, ...]:
        """The zones that a key of the database stands for."""
        ...

    def nudge(self) -> None:
        """Tell the workers, where there are any, that something may be due. Never fails."""
        ...


class Office(Protocol):
    """One workspace on disk."""

    @property
    def root(self) -> Path: ...

    def files(self) -> Files:
        """What is on disk now."""
        ...

    def settings(self) -> Settings:
        """engage.yaml with the environment. Raises InputError."""
        ...

    def workspace(self) -> Workspace:
        """All of it, checked. Raises InputError with every problem."""
        ...

    def findings(self, *, allow_missing: bool = False) -> Findings:
        """Everything that `engage check` finds, and what it warns of though nothing is wrong."""
        ...

    def engaged(self) -> AbstractContextManager[Engaged]:
        """Open the database. Raises NotThereError where it cannot be reached."""
        ...

    def has_people(self) -> bool:
        """Whether anybody was imported. Raises NotThereError where the database cannot be reached."""
        ...

    def campaign_tests(self) -> Sequence[CampaignTest]:
        """The tests of the workspace's tests/ folder. Raises InputError."""
        ...

    def simulate(
        self, *, start: datetime, end: datetime, campaign: str | None = None, contact: str | None = None, people: Path | None = None,
        answers: Path | None = None, reached: Callable[[datetime], None] = lambda moment: None,
    ) -> Iterator[Line]:
        """Play the workspace on a copy of the database's data, or over the people of a file: every touch that would be written.

        `answers` is a file of what providers, people and endpoints do; `reached` is told each moment as it is done.
        """
        ...

    def status(self) -> Mapping[str, Any]:
        """Figures of what is under way, as JSON values; each campaign with its version, state and runs by step."""
        ...

    def plan(self, *, against: str | None, span: Duration, reached: Callable[[float], None] = lambda done: None) -> Plan:
        """What the workspace at hand would do that the running one, or the one `against` names (a folder or a git ref), does not.

        Nothing is accepted, nothing stored; `reached` is told how far it is, from 0 to 1. Raises InputError, NotThereError.
        """
        ...

    def rehearse(self, test: CampaignTest, workspace: Workspace) -> Rehearsal:
        """The same over the test's contacts alone, in an empty database. Drafts run too."""
        ...

    def preview(self, message: str, *, contact: str | None, locale: str | None, channel: str | None) -> Preview:
        """Render a message as the sending code would. Raises InputError, RenderError."""
        ...

    def send_test(self, message: str, *, to: str, contact: str | None, locale: str | None, channel: str | None) -> str:
        """Render a message and hand it over to an address of one's own; what came of it. No touch is written."""
        ...

    def migrate(self, *, only_look: bool) -> tuple[str | None, str | None]:
        """Bring the tables to this version, unless only to look: of which version they were (None: none), and which is needed."""
        ...

    def backup(self, file: Path) -> int:
        """Write a backup of the database at work; its size in bytes. Raises InputError, NotThereError."""
        ...

    def restore(self, file: Path, *, lost_at: datetime | None) -> int:
        """Bring a backup back, paused; how many messages may have gone since it was made. Raises InputError, NotThereError."""
        ...

    def diagnose(self) -> Sequence[Mapping[str, object]]:
        """What `engage doctor` finds: `{what, ok, found, do}` for each thing looked at."""
        ...


class App(Protocol):
    """The composition root, as the commands see it."""

    def open(self, directory: Path | None) -> Office:
        """The workspace in the folder, or upwards from the current one. Raises NotThereError with what to do."""
        ...

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """The errors that say that the database does not answer: what was asked may be asked again."""
        ...

    def new_key(self) -> str:
        """A key that nobody has used."""
        ...

    def serve(
        self, process: str, directory: Path | None, *, host: str = "127.0.0.1", port: int = 8000, path: Path | None = None
    ) -> None:
        """Run `worker`, `scheduler`, `web`, `lmtp` or `run` until it is told to stop.

        Those that listen do so on `host` and `port`; `lmtp` at `path` instead, where one is given.
        """
        ...

    def demo(self, *, once: bool, port: int) -> None:
        """Run the demo company."""
        ...


def app_of(context: typer.Context) -> App:
    """The composition root that started this command."""
    return cast(App, context.obj)
