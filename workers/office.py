"""One workspace on disk, as the commands see it: its files, its checks, its database, its processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, final

from engage.channels import load_channels
from engage.channels.endpoint import load_endpoints, load_outlets
from engage.cli.app import Preview
from engage.contacts.ports import Person
from engage.contacts.zones import divided_countries, zones_of_country
from engage.model.errors import InputError, NotThereError, Place, Problem
from engage.model.time import Duration
from engage.model.workspace import Files, Settings, Workspace
from engage.policy.impossible_hours import impossible_hours
from engage.policy.lawful import countries_named, shortfalls
from engage.rules.answers import Answer, load_answers
from engage.rules.campaign_tests import CampaignTest
from engage.rules.checking import Checked, check
from engage.rules.doubts import doubts
from engage.rules.laws import laws
from engage.rules.retention import retention_doubts
from engage.rules.workspace import load as load_workspace
from engage.settings import environment, find_workspace, load_settings, read_folder
from engage.simulation.lines import Line
from engage.simulation.plan import Plan
from engage.simulation.rehearsing import Rehearsal
from engage.templates import Findings, examine
from workers import backups, simulations
from workers.diagnosis import diagnose
from workers.opening import open_only, open_wired
from workers.overviews import status_of
from workers.plans import plan
from workers.previews import preview, send_test
from workers.references import files_of
from workers.wiring import Wired


@final
class OnDisk:
    """The port `engage.cli.app.Office`."""

    def __init__(self, root: Path, variables: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._variables = variables

    @classmethod
    def find(cls, directory: Path | None) -> OnDisk:
        """The workspace in the folder, or upwards from the current one. Raises NotThereError."""
        return cls(find_workspace(directory))

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self._root

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """What `${NAME}` is filled in from."""
        return environment(self._root) if self._variables is None else self._variables

    def files(self) -> Files:
        """What is on disk now."""
        return read_folder(self._root)

    def settings(self) -> Settings:
        """engage.yaml with the environment. Raises InputError."""
        return load_settings(self.files(), self.environment, root=self._root)

    def workspace(self) -> Workspace:
        """All of it, checked. Raises InputError with every problem."""
        checked = check(self.files(), self.environment)
        if checked.problems or checked.workspace is None:
            raise InputError(checked.problems)
        return checked.workspace

    def findings(self, *, allow_missing: bool = False) -> Findings:
        """Everything that `engage check` finds, and what it warns of though nothing is wrong."""
        checked = check(self.files(), self.environment)
        found = _findings(checked, allow_missing=allow_missing)
        known = checked.workspace
        if known is None:
            return found
        doubted = (*_never_over(known), *doubts(known), *retention_doubts(known), *_unlawful(known, tracked=found.tracked))
        return replace(found, warnings=tuple(sorted({*found.warnings, *doubted})))

    def _problems_of(self, files: Files) -> Sequence[Problem]:
        return _findings(check(files, self.environment)).problems

    @contextmanager
    def engaged(self) -> Iterator[Wired]:
        """The workspace with its database open, migrated and holding the newest accepted snapshot."""
        wired = self.wire()
        try:
            yield wired
        finally:
            wired.close()

    def wire(self) -> Wired:
        """The same, to be closed by who asked. Raises InputError, NotThereError."""
        return open_wired(self._root, self.environment, files=self.files(), check=self._problems_of)

    def has_people(self) -> bool:
        """Whether anybody was imported. Nothing is accepted."""
        with self._only_open(self.files()) as wired:
            return not wired.people.is_empty()

    def _only_open(self, files: Files) -> closing[Wired]:
        return closing(open_only(self._root, self.environment, files=files, check=self._problems_of))

    def campaign_tests(self) -> Sequence[CampaignTest]:
        """The tests of the workspace's tests/ folder. Raises InputError."""
        checked = check(self.files(), self.environment)
        if checked.problems:
            raise InputError(checked.problems)
        return checked.tests

    def simulate(
        self, *, start: datetime, end: datetime, campaign: str | None = None, contact: str | None = None, people: Path | None = None,
        answers: Path | None = None, reached: Callable[[datetime], None] = lambda moment: None,
    ) -> Iterator[Line]:
        """Play the workspace on a copy of the database's data, or over the people of a file: every touch that would be written.

        Nothing is accepted. Raises InputError with every problem of the workspace.
        """
        files = self.files()
        workspace = self._passing(files)
        given = self._answers(answers, workspace) if answers is not None else ()
        with self._only_open(files) as wired:
            yield from simulations.simulate(
                wired.database, workspace, start=start, end=end, campaign=campaign, contact=contact, people=people, answers=given,
                reached=reached,
            )

    @staticmethod
    def _answers(file: Path, workspace: Workspace) -> Sequence[Answer]:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise NotThereError(f"{file} cannot be read: {error.strerror}") from error
        return load_answers(str(file), content, files=workspace.files, settings=workspace.settings)

    def rehearse(self, test: CampaignTest, workspace: Workspace) -> Rehearsal:
        """The same over the test's contacts alone, in an empty database. Drafts run too."""
        persons = [Person(attributes=contact.attributes) for contact in test.contacts]
        return simulations.rehearse(workspace, test, persons)

    def status(self) -> Mapping[str, Any]:
        """Figures of what is under way, as JSON values; each campaign with its version, state and runs by step."""
        with self.engaged() as wired:
            return status_of(wired)

    def plan(self, *, against: str | None, span: Duration, reached: Callable[[float], None] = lambda done: None) -> Plan:
        """What the workspace at hand would do that the running one, or the one `against` names, does not. Nothing is accepted."""
        files = self.files()
        edited = self._passing(files)
        base = None if against is None else (against, self._read(files_of(self._root, against)))
        with self._only_open(files) as wired:
            return plan(
                wired.database, edited, running=wired.accepted.workspace() if wired.workspaces.newest_hash() else None,
                versions=wired.accepted.version, start=wired.clock.now(), span=span, against=base, progress=reached,
            )

    def _read(self, files: Files) -> Workspace:
        """A workspace that passed once: whatever `engage check` asks today, it is only compared with."""
        return load_workspace(files, load_settings(files, self.environment))

    def _passing(self, files: Files) -> Workspace:
        checked = check(files, self.environment)
        problems = _findings(checked).problems
        if problems or checked.workspace is None:
            raise InputError(problems)
        return checked.workspace

    def preview(self, message: str, *, contact: str | None, locale: str | None, channel: str | None) -> Preview:
        """Render a message as the sending code would. Raises InputError, RenderError."""
        with self.engaged() as wired:
            return preview(wired, message, contact=contact, locale=locale, channel=channel)

    def send_test(self, message: str, *, to: str, contact: str | None, locale: str | None, channel: str | None) -> str:
        """Render a message and hand it over to an address of one's own; what came of it. No touch is written."""
        with self.engaged() as wired:
            return send_test(wired, message, to=to, contact=contact, locale=locale, channel=channel)

    def migrate(self, *, only_look: bool) -> tuple[str | None, str | None]:
        """Bring the tables to this version, unless only to look: of which version they were, and which is needed."""
        return backups.migrate(self.settings().database, only_look=only_look)

    def backup(self, file: Path) -> int:
        """Write a backup of the database at work; its size in bytes."""
        return backups.backup(self.settings().database, file, self.environment)

    def restore(self, file: Path, *, lost_at: datetime | None) -> int:
        """Bring a backup back, paused; how many messages may have gone since it was made."""
        return backups.restore(self.settings().database, file, self.environment, lost_at=lost_at)

    def diagnose(self) -> Sequence[Mapping[str, object]]:
        """What `engage doctor` finds."""
        return diagnose(self, self.environment)


def _findings(checked: Checked, *, allow_missing: bool = False) -> Findings:
    """What files, templates and adapters say; a workspace is accepted where there is no problem."""
    if checked.workspace is None:
        return Findings(problems=checked.problems, warnings=())
    said = examine(checked.workspace, allow_missing=allow_missing)
    problems = {*checked.problems, *said.problems, *_refused_by_adapters(checked.workspace.settings)}
    return replace(said, problems=tuple(sorted(problems)))


def _never_over(workspace: Workspace) -> Sequence[Problem]:
    """Sends whose quiet hours are never over in some country."""
    return impossible_hours(
        workspace.settings, workspace.campaigns.values(), countries=divided_countries(), zones_of_country=zones_of_country,
        now=datetime.now(UTC),
    )


def _unlawful(workspace: Workspace, *, tracked: bool) -> Sequence[Problem]:
    """What laws of countries that the workspace names ask beyond what it does."""
    return tuple(shortfalls(workspace.settings, rules=laws(), countries=countries_named(workspace), tracked=tracked))


def _refused_by_adapters(settings: Settings) -> Sequence[Problem]:
    """What the adapters say of their options, endpoints and webhooks of theirs; nothing is connected."""
    problems: list[Problem] = []
    for read in (load_channels, load_endpoints, load_outlets):
        try:
            read(settings)
        except InputError as error:
            problems += error.problems
        except NotThereError as error:
            problems.append(Problem(place=Place(file="engage.yaml"), what=str(error)))
    return problems
