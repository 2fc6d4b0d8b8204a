"""Who a process is on its machine, and whether another one that was there still is: for leases whose owner died without a word.

An owner is `HOST:PID:TOKEN:MACHINE:STARTED`. MACHINE stands for one boot of one machine and one space of process ids (two containers
on it have two), STARTED for the moment at which the process began, so that a number used again is nobody else's. Of an owner
elsewhere nobody here can say that it is gone: its lease runs out by itself.
"""

from __future__ import annotations

import os
import secrets
import socket
from hashlib import sha256
from pathlib import Path

PROC = Path("/proc")
ELSEWHERE = "-"
"""The MACHINE of a process on a system that does not tell: it never counts as gone."""

_STATE, _STARTED = 0, 19
"""Of what /proc/PID/stat has behind the name (proc(5), fields 3 and 22)."""


def owner(proc: Path = PROC) -> str:
    """This process's name as the owner of leases, unlike any other's."""
    stat = _stat(proc, os.getpid())
    started = stat[_STARTED] if stat else ELSEWHERE
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}:{_machine(proc)}:{started}"


def is_gone(name: str, proc: Path = PROC) -> bool:
    """Whether that owner surely runs no more: it was on this machine, and is not there."""
    try:
        pid, _, machine, started = name.rsplit(":", 4)[1:]
    except ValueError:
        return False
    if machine != _machine(proc) or ELSEWHERE in (machine, started):
        return False
    stat = _stat(proc, int(pid))
    if stat is None:
        return not _is_hidden(int(pid))
    return stat[_STATE] in "ZX" or stat[_STARTED] != started


def _is_hidden(pid: int) -> bool:
    """Whether there is such a process though /proc shows none: of another user's it need not (`hidepid`, ProtectProc of systemd)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _machine(proc: Path) -> str:
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        space = (proc / "self/ns/pid").readlink()
    except OSError:
        return ELSEWHERE
    return sha256(f"{boot} {space}".encode()).hexdigest()[:12]


def _stat(proc: Path, pid: int) -> list[str] | None:
    """None where there is no such process."""
    try:
        return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
