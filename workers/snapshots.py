"""The accepted workspace: what stands in the folder -> checked -> the database -> what every process runs on.

A folder that does not pass is never taken: the last good snapshot goes on, and what is wrong is recorded for `engage status`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import final

import structlog

from engage.model.campaign import Campaign
from engage.model.errors import InputError, NotThereError, Problem
from engage.model.time import Clock
from engage.model.workspace import Files, Settings, Workspace
from engage.planning.versions import version_in
from engage.rules.workspace import hash_of, load, read_workspace
from engage.settings import load_settings, read_folder, workspace_files
from engage.store.campaigns.workspaces import SqlWorkspaces

Check = Callable[[Files], Sequence[Problem]]
"""All that `engage check` finds wrong with the files."""

log = structlog.get_logger(__name__)


@final
class Accepted:
    """The newest accepted workspace as this process knows it, and the campaigns of earlier ones. Safe to use from many threads."""

    def __init__(self, workspaces: SqlWorkspaces, environment: Mapping[str, str]) -> None:
        self._workspaces = workspaces
        self._environment = environment
        self._current: Workspace | None = None
        self._unusable: str | None = None
        self._versions: dict[tuple[str, str], Campaign | None] = {}
        self._lock = Lock()

    def workspace(self) -> Workspace:
        """The workspace to run on. Raises NotThereError where none was ever accepted."""
        if self._current is None:
            self.reload()
        if self._current is None:
            raise NotThereError("no workspace has been accepted yet: `engage check` says what is wrong with the one in this folder")
        return self._current

    def reload(self) -> bool:
        """Take the newest snapshot up, where it is another one; whether it was. One that this process cannot read is left alone."""
        with self._lock:
            newest = self._workspaces.newest_hash()
            if newest is None or newest == self._unusable or (self._current is not None and self._current.hash == newest):
                return False
            snapshot = self._workspaces.newest()
            return snapshot is not None and self._take_up(*snapshot)

    def _take_up(self, name: str, files: Files) -> bool:
        try:
            self._current = _load(files, self._environment)
        except InputError as error:
            # Accepted by a process with another environment, or another version of Engage.
            self._unusable = name
            log.error("workspace.unusable", snapshot=name[:12], problems=[str(problem) for problem in error.problems[:5]])
            return False
        self._unusable = None
        log.info("workspace.taken_up", snapshot=name[:12], campaigns=len(self._current.campaigns))
        return True

    def version(self, campaign: str, version: str) -> Campaign | None:
        """The campaign as a run entered with it; None where that version is not kept, or cannot be read any more.

        One that was accepted since the last look takes the newest workspace up: it goes with that one's settings and templates.
        """
        key = (campaign, version)
        if (current := self._current_version(campaign, version)) is not None or key in self._versions:
            return current or self._versions[key]
        if self.reload() and (current := self._current_version(campaign, version)) is not None:
            return current
        self._versions[key] = self._read_version(campaign, version)
        return self._versions[key]

    def version_or_newest(self, campaign: str, version: str) -> Campaign | None:
        """By whose limits and ramp a delivery is decided: where its own version cannot be read any more, by the newest."""
        return self.version(campaign, version) or self.workspace().campaigns.get(campaign)

    def _current_version(self, campaign: str, version: str) -> Campaign | None:
        current = self.workspace().campaigns.get(campaign)
        return current if current is not None and current.version == version else None

    def _read_version(self, campaign: str, version: str) -> Campaign | None:
        files = self._workspaces.files_of_version(campaign, version)
        if files is None:
            return None
        read = version_in(read_workspace(files, self._settings_of(files), []), campaign, version)
        if read is None:
            log.error("campaign.unreadable", campaign=campaign, version=version[:12])
        return read

    def _settings_of(self, files: Files) -> Settings:
        """Those of then; where the environment has not what they ask for any more, those of now."""
        try:
            return load_settings(files, self._environment)
        except InputError:
            return self.workspace().settings


@final
class Folder:
    """The workspace's folder, looked at again and again."""

    def __init__(
        self, root: Path, workspaces: SqlWorkspaces, *, environment: Mapping[str, str], clock: Clock, check: Check, accepted: Accepted,
        settle: Callable[[Workspace], None],
    ) -> None:
        self._root = root
        self._workspaces = workspaces
        self._environment = environment
        self._clock = clock
        self._check = check
        self._accepted = accepted
        self._settle = settle
        self._seen: str | None = None

    def look(self) -> bool:
        """Accept what stands there now, where it changed since the last look and passes; whether anything new was accepted."""
        seen = self._signature()
        if seen == self._seen:
            self._accepted.reload()
            return False
        try:
            taken = self._take(read_folder(self._root))
        except InputError as error:
            self._complain(error.problems)
            taken = False
        self._seen = seen
        self._accepted.reload()
        return taken

    def _take(self, files: Files) -> bool:
        if hash_of(files) == self._workspaces.newest_hash():
            self._workspaces.record_problems({})
            return False
        problems = self._check(files)
        if problems:
            raise InputError(problems)
        workspace = _load(files, self._environment)
        if not self._workspaces.accept(workspace, now=self._clock.now()):
            return False
        log.info("workspace.accepted", snapshot=workspace.hash[:12])
        self._settle(workspace)
        return True

    def _complain(self, problems: Sequence[Problem]) -> None:
        """Record the first problem of each file that has one; under the campaign's name where the file is one."""
        self._workspaces.record_problems({_name_of(problem.place.file): str(problem) for problem in reversed(problems)})
        if self._workspaces.newest_hash() is None:
            return  # whoever opens the workspace is told all of it: there is no good one to go on with
        log.error("workspace.not_accepted", problems=[str(problem) for problem in problems[:5]], then="the last good one goes on")

    def _signature(self) -> str:
        """A hash of the paths, sizes and times of all its files: cheap enough for every two seconds."""
        digest = hashlib.sha256()
        for path in workspace_files(self._root):
            known = path.stat()
            digest.update(f"{path}\0{known.st_size}\0{known.st_mtime_ns}\0{known.st_ino}\n".encode())
        return digest.hexdigest()


def _load(files: Files, environment: Mapping[str, str]) -> Workspace:
    return load(files, load_settings(files, environment))


def _name_of(file: str) -> str:
    path = PurePosixPath(file)
    return path.stem if path.parts[:1] == ("campaigns",) else file
