"""This machine's note of what is in hand, and of each yes that a provider said: a file of its lease, written before anything else is done.

A worker that is killed leaves the file behind; whoever sweeps the lease up on the same machine finds there which delivery it was at, and
what is sent of those whose outcome was not committed yet. What is in hand stands at the file's beginning, in memory that the file shares
with the process: to note it is a store into memory, which outlives the process. Each yes is a line behind it. Nothing is synced: where the
machine itself dies what was not committed is unknown. A file goes once all of it is in the database.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from errno import ENOSPC
from functools import partial
from json.encoder import encode_basestring_ascii
from math import inf
from mmap import mmap
from pathlib import Path
from struct import Struct
from threading import Lock
from typing import final

import structlog

from engage.delivery.ports import NOBODY, InHand, unnoted
from engage.model.delivery import Cleared, Receipt

KEPT = 7 * 24 * 3600.0
"""Seconds after which a file that nobody asked for (another machine swept the lease up) is thrown away."""

TIDIED_EVERY = 3600.0
"""Seconds after which the folder is looked through again for such files."""

_SLOT = Struct("=Q")
_UNNOTED = 2**64 - 1
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


def _complain(lease_id: int, error: OSError) -> None:
    log.error("journal.failed", batch=lease_id, error=type(error).__name__, code=error.errno)


@final
class FileJournal:
    """One folder for all processes of a machine over one database, whose `mark` is in each file's name. Safe to use from many threads."""

    def __init__(self, folder: Path, *, mark: str) -> None:
        self._folder = folder
        self._mark = mark
        self._open: dict[int, int] = {}
        self._lock = Lock()
        self._tidy_at = -inf

    def begun(self, lease_id: int) -> InHand:
        """Begin the lease's file. A disk that takes nothing keeps nobody from sending: what is not noted is unknown after a crash."""
        try:
            handle = self._begin(lease_id)
            if os.write(handle, _SLOT.pack(_UNNOTED)) < _SLOT.size:
                raise OSError(ENOSPC, "the disk is full")
            in_hand = partial(_SLOT.pack_into, mmap(handle, _SLOT.size), 0)
        except OSError as error:  # not every file system shares memory
            _complain(lease_id, error)
            return unnoted
        in_hand(NOBODY)
        return in_hand

    def held(self, lease_id: int) -> int | None:
        """What was in hand last, NOBODY where nothing was; None where that was not noted here."""
        try:
            with self._path(lease_id).open("rb") as file:
                slot = file.read(_SLOT.size)
        except OSError:
            return None
        if len(slot) < _SLOT.size or slot == _SLOT.pack(_UNNOTED):
            return None
        return int(_SLOT.unpack(slot)[0])

    def accepted(self, lease_id: int, message: Cleared, receipt: Receipt) -> None:
        """Note it. One that comes after the lease is noted as long as nobody swept it up."""
        name = receipt.provider_id
        line = f"+{message.intent.id} {'null' if name is None else encode_basestring_ascii(name)}\n".encode()
        handle = self._open.get(lease_id)
        try:
            if handle is not None:
                os.write(handle, line)
            else:
                self._append(lease_id, line)
        except OSError as error:
            _complain(lease_id, error)

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
            lines = self._path(lease_id).read_bytes()[_SLOT.size:].decode("utf-8", errors="replace").splitlines()
        except OSError:
            return {}
        return dict(_understood(lines))

    def forget(self, lease_id: int) -> None:
        """All of it is in the database."""
        try:
            self._path(lease_id).unlink(missing_ok=True)
        except OSError as error:
            _complain(lease_id, error)

    def _path(self, lease_id: int) -> Path:
        return self._folder / f"{self._mark}-{lease_id}"

    def _begin(self, lease_id: int) -> int:
        with self._lock:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if time.monotonic() > self._tidy_at:
                self._throw_old_away()
                self._tidy_at = time.monotonic() + TIDIED_EVERY
            self._open[lease_id] = handle = os.open(self._path(lease_id), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            return handle

    def _append(self, lease_id: int, line: bytes) -> None:
        try:
            handle = os.open(self._path(lease_id), os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            return
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def _throw_old_away(self) -> None:
        before = time.time() - KEPT
        for path in self._folder.glob(f"{self._mark}-*"):
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process was faster
