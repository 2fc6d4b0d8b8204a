"""The database: connections, transactions, the machine clock, the secret. SQLite and PostgreSQL alike.

On SQLite a writing transaction takes the write lock when it begins (`BEGIN IMMEDIATE`): what it read stays true until it ends.
On PostgreSQL transactions are READ COMMITTED, and whoever relies on a row locks it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import StaticPool

from engage.model.errors import NotThereError
from engage.store.engines import READING, postgresql_engine, sqlite_engine
from engage.store.memory import MemoryConnection
from engage.store.migrating import migrate, require_migrated, versions
from engage.store.notes import SECRET, read_note, write_once
from engage.store.sql.clock import MachineNow

AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, NoneFree)
"""What says that the database does not answer, or not in time; whatever was asked may be asked again."""


@final
class Database:
    """One database of Engage. Safe to use from many threads; to be opened anew in a forked process."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._secret: bytes | None = None
        self._shared = MemoryConnection(engine) if isinstance(engine.pool, StaticPool) else None
        self._lock = threading.RLock()

    @classmethod
    def open(cls, url: str) -> Database:
        """Connect. `sqlite://` is a database in memory, with one connection; raises NotThereError where nothing answers."""
        parsed = _parsed(url)
        try:
            database = cls(_engine(parsed))
            with database.read() as connection:
                connection.execute(sa.select(1))
        except (OperationalError, OSError) as error:
            raise NotThereError(_not_there(parsed)) from error
        return database

    def beside(self) -> Database:
        """The same database with connections of its own, to be closed by who asked; one in memory is itself.

        For what is read in the midst of transactions: else whoever holds the write lock could wait for a connection, and everybody
        who has one for that lock.
        """
        return self if self.in_memory else Database(_engine(self.engine.url))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @property
    def in_memory(self) -> bool:
        """Whether it lives and dies with this process."""
        return self._shared is not None

    @property
    def now(self) -> sa.ColumnElement[datetime]:
        """The machine clock, as an expression."""
        return MachineNow()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A writing transaction: committed when the block ends, rolled back when it raises."""
        if self._shared is not None:
            with self._lock, self._shared.writing():
                yield self._shared
        else:
            with self.engine.begin() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads; within a writing one of a database in memory it reads what that has written."""
        if self._shared is not None:
            with self._lock, self._shared.reading():
                yield self._shared
        else:
            with self.engine.connect().execution_options(**{READING: True}) as connection, connection.begin():
                yield connection

    @contextmanager
    def read_slowly(self) -> Iterator[sa.Connection]:
        """The same for what is handed on row by row to somebody who may take their time over each."""
        with self.read() as connection:
            if self.dialect == "postgresql":
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield connection

    def migrate(self) -> None:
        """Bring the tables to this version. Safe to repeat, and where ten processes start at once.

        Raises NotThereError where they are of a newer one, or somebody holds for minutes what must be changed.
        """
        migrate(self.begin, rest=threading.Event().wait)

    def versions(self) -> tuple[str | None, str | None]:
        """Of which version the tables are (None: there are none), and which this Engage needs."""
        with self.read() as connection:
            return versions(connection)

    def require_migrated(self) -> None:
        """Raise NotThereError unless the tables are of this version."""
        with self.read() as connection:
            require_migrated(connection)

    def secret(self) -> bytes:
        """The key of this installation's hashes and links: made once, by whoever comes first, and never changed."""
        if self._secret is None:
            with self.read() as connection:
                known = read_note(connection, SECRET)
            self._secret = bytes.fromhex(known or self._make_secret())
        return self._secret

    def _make_secret(self) -> str:
        with self.begin() as connection:
            return write_once(connection, SECRET, secrets.token_hex(32))

    def close(self) -> None:
        """Let go of all connections."""
        if self._shared is not None:
            self._shared.close()
        self.engine.dispose()


def _engine(url: sa.URL) -> sa.Engine:
    return sqlite_engine(url) if url.get_backend_name() == "sqlite" else postgresql_engine(url)


def _parsed(url: str) -> sa.URL:
    """The URL of a SQLite or PostgreSQL database. It may hold a password, so that no error repeats it."""
    try:
        parsed = sa.make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError("another backend")
    except ArgumentError as error:
        raise NotThereError("`database` of engage.yaml is no URL of SQLite or PostgreSQL (sqlite:///var/engage.db)") from error
    return parsed


def _not_there(url: sa.URL) -> str:
    """What to do about a database that cannot be opened. A file is never `started`."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database} cannot be opened: see that its folder can be written to, or set `database` in engage.yaml"
    return f"the database {url.render_as_string(hide_password=True)} does not answer; start it, or set `database` in engage.yaml"
