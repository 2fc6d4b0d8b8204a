"""This machine's note of each yes that a provider said: a line in a file of its lease, written before anything else is done with it.

A worker that is killed between the yes and the commit of its outcome leaves the file behind; whoever sweeps the lease up on the same
machine finds there what is sent. Nothing is synced: a file outlives its process, and where the machine itself dies what was not
committed is unknown. A file goes once all of it is in the database.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import final

import structlog

from engage.model.delivery import Cleared, Receipt

KEPT = 7 * 24 * 3600.0
"""Seconds after which a file that nobody asked for (another machine swept the lease up) is thrown away."""

_LINE = re.compile(r'\+(\d+) (null|".*")')

log = structlog.get_logger(__name__)


def _understood(lines: Iterable[str]) -> Iterator[tuple[int, str | None]]:
    """What the lines say, without those that were cut off: a full disk takes the beginning of one, and the next one follows it."""
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is not None:
            try:
                yield int(found[1]), json.loads(found[2])
            except ValueError:
                continue


@final
class FileJournal:
    """One folder for all processes of a machine over one database, whose `mark` is in each file's name. Safe to use from many threads."""

    def __init__(self, folder: Path, *, mark: str) -> None:
        self._folder = folder
        self._mark = mark
        self._open: dict[int, int] = {}
        self._lock = Lock()

    def accepted(self, lease_id: int, message: Cleared, receipt: Receipt) -> None:
        """Note it. A disk that takes nothing keeps nobody from sending: what is not noted is unknown after a crash."""
        try:
            handle = self._open.get(lease_id) or self._begin(lease_id)
            os.write(handle, f"+{message.intent.id} {json.dumps(receipt.provider_id)}\n".encode())
        except OSError as error:
            log.error("journal.failed", batch=lease_id, error=type(error).__name__, code=error.errno)

    def ended(self, lease_id: int, *, recorded: bool) -> None:
        """No more is accepted under the lease; `recorded`: and all that was is in the database."""
        with self._lock:
            handle = self._open.pop(lease_id, None)
        if handle is not None:
            os.close(handle)
            if recorded:
                self.forget(lease_id)

    def noted(self, lease_id: int) -> Mapping[int, str | None]:
        """What was accepted under a lease, with the provider's names, as far as it was noted on this machine."""
        try:
            lines = self._path(lease_id).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return {}
        return dict(_understood(lines))

    def forget(self, lease_id: int) -> None:
        """All of it is in the database."""
        self._path(lease_id).unlink(missing_ok=True)

    def _path(self, lease_id: int) -> Path:
        return self._folder / f"{self._mark}-{lease_id}"

    def _begin(self, lease_id: int) -> int:
        with self._lock:
            if not self._open:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._throw_old_away()
            self._open[lease_id] = handle = os.open(self._path(lease_id), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            return handle

    def _throw_old_away(self) -> None:
        before = time.time() - KEPT
        for path in self._folder.glob(f"{self._mark}-*"):
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process was faster
