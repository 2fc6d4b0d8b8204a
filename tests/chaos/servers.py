"""The servers of a fault run, each of which can be broken: Valkey and PostgreSQL, behind proxies that can lose a reply."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

import redis
import sqlalchemy as sa

from tests.chaos.proxy import Proxy
from tests.servers.postgres import start_postgres
from workers.embedded import find_server, socket_directory, start_valkey, stop_valkey

LAST_GASP = 30.0


class Valkey:
    """The broker: killed, emptied, out of memory, and there again each time. Restarted by the thread that made it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._front = directory / "front.sock"
        server = find_server(os.environ)
        assert server is not None, "no Valkey fits this machine"
        self._server = server

    def __enter__(self) -> Self:
        self._directory.mkdir(mode=0o700, parents=True)
        self._process = start_valkey(self._directory, self._server)
        self.proxy = Proxy(self._front, socket_directory(self._directory) / "v.sock").__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.proxy.__exit__()
        stop_valkey(self._process)

    @property
    def url(self) -> str:
        """For the setting `broker`."""
        return f"unix://{self._front}?db=0"

    def kill(self, *, empty: bool) -> None:
        """kill -9, and start it again over its file, or without it."""
        self._process.kill()
        self._process.wait()
        if empty:
            shutil.rmtree(self._directory / "appendonlydir", ignore_errors=True)
        self._process = start_valkey(self._directory, self._server)

    def run_out_of_memory(self) -> None:
        """Refuse every write from now on."""
        self._configure("maxmemory", "1")

    def find_memory(self) -> None:
        """Take writes again."""
        self._configure("maxmemory", "0")

    def _configure(self, name: str, value: str) -> None:
        client = redis.Redis(unix_socket_path=str(socket_directory(self._directory) / "v.sock"))
        client.config_set(name, value)
        client.close()


class Database(Protocol):
    """The database under a fault run: `url` is what the processes use, `own` the harness's own way past any proxy."""

    url: str
    own: str

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def faults(self) -> dict[str, Callable[[], object]]:
        """What can be done to it, by name."""
        ...


class Sqlite:
    """A file. What can happen to it happens to its processes, and to its disk."""

    def __init__(self, directory: Path) -> None:
        self.url = self.own = f"sqlite:///{directory / 'engage.db'}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def faults(self) -> dict[str, Callable[[], object]]:
        """None of its own."""
        return {}


class Postgres:
    """A server whose commits are real (synchronous; the machine itself does not crash, so nothing needs to be flushed)."""

    def __enter__(self) -> Self:
        self._running = ExitStack()
        self._directory, self._front = (Path(tempfile.mkdtemp(prefix=f"engage-pg-{name}-")) for name in ("data", "front"))
        for directory in (self._directory, self._front):
            self._running.callback(shutil.rmtree, directory, ignore_errors=True)
        self._server, self.own = start_postgres(self._directory, synchronous=True)
        self._running.callback(lambda: (self._server.send_signal(signal.SIGINT), self._server.wait(LAST_GASP)))
        self.proxy = self._running.enter_context(Proxy(self._front / ".s.PGSQL.5432", self._directory / ".s.PGSQL.5432"))
        self.url = f"postgresql+psycopg://engage@/postgres?host={self._front}"
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def faults(self) -> dict[str, Callable[[], object]]:
        """A crash and restart, one connection ended from the server's side, the reply to a commit lost."""
        return {
            "postgres_crash": self.crash, "postgres_terminate": self.terminate_one,
            "postgres_lost_reply": lambda: self.proxy.swallow(b"COMMIT"),
        }

    def crash(self) -> None:
        """`pg_ctl restart -m immediate`. Done by the thread that made it, as the server ends with that thread."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(LAST_GASP)
        self._server, _ = start_postgres(self._directory, synchronous=True)

    def terminate_one(self) -> None:
        """End one of the processes' connections, whichever."""
        engine = sa.create_engine(self.own, poolclass=sa.NullPool)
        asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'engage' ORDER BY random() LIMIT 1"
        with engine.connect() as connection:
            connection.exec_driver_sql(asked)
        engine.dispose()
