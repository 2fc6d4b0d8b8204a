"""How the two databases are connected to, so that a committed row is on the disk and nobody's write is lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy.pool import QueuePool, StaticPool

from engage.store.sql.functions import FUNCTIONS

BUSY_SECONDS = 30
KEPT = 1_000
"""How many statements a connection of SQLite keeps prepared: all that the engine has, with lists of any length."""

ASLEEP_SECONDS = 15
"""After so long without a word in the midst of a transaction PostgreSQL ends it: a process that is frozen, or whose machine is gone,
must not keep its locks from all others. Half a lease, so that whoever waited goes on about when the lease ends."""

LOOK_SECONDS = 2
"""How often PostgreSQL looks whether whoever asked is still there, while it works or waits for them."""

OPTIONS = ("-c timezone=UTC", f"-c idle_in_transaction_session_timeout={ASLEEP_SECONDS}s")

CONNECTING = {
    "connect_timeout": 10, "application_name": "engage",
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000,
}
"""A server that is gone without a word is given up after half a minute, rather than after the two hours of most systems."""

READING = "engage_reading"
"""The execution option of connections that only read."""

COUNTING = {"preserve_rowcount": True}  # else an INSERT does not say how many rows it made


_DECODER = json.JSONDecoder()


def sqlite_engine(url: sa.URL) -> sa.Engine:
    """SQLite in WAL mode, every commit synced; without a file name in memory, on one connection shared by all threads."""
    in_memory = not url.database or url.database == ":memory:"
    if url.database and not in_memory:
        _make_file(Path(url.database))
    engine = sa.create_engine(
        url, hide_parameters=True, execution_options=COUNTING, poolclass=StaticPool if in_memory else QueuePool,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": KEPT}, json_deserializer=_read_json,
    )
    sa.event.listen(engine, "connect", _prepare_memory if in_memory else _prepare_file)
    sa.event.listen(engine, "begin", _begin)
    return engine


def postgresql_engine(url: sa.URL) -> sa.Engine:
    """PostgreSQL by psycopg 3, in UTC. What the URL itself says of a connection stands, its `options` beside ours."""
    told = url.query.get("options", "")
    options = " ".join([*OPTIONS, *([told] if isinstance(told, str) else told)])
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options"]), hide_parameters=True, execution_options=COUNTING,
        pool_pre_ping=True, pool_size=10, max_overflow=20,
        connect_args={"options": options, **{name: value for name, value in CONNECTING.items() if name not in url.query}},
    )
    sa.event.listen(engine, "connect", _look_for_the_client)
    sa.event.listen(engine, "handle_error", _slept)
    return engine


def _look_for_the_client(connection: psycopg.Connection[Any], _: Any) -> None:
    """Else what a process was waiting for when it was killed is waited for to the end, with all the locks that it has."""
    try:
        connection.execute(f"SET client_connection_check_interval = '{LOOK_SECONDS}s'")
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue):  # a server on Windows cannot, nor one before 14
        connection.rollback()
    else:
        connection.commit()


def _slept(context: sa.engine.ExceptionContext) -> Exception | None:
    """To the driver it is an internal error; what was asked may be asked again, as of a connection that broke."""
    slept = context.original_exception
    if not isinstance(slept, IdleInTransactionSessionTimeout):
        return None
    return sa.exc.OperationalError(context.statement, None, slept, hide_parameters=True, connection_invalidated=True)


def _make_file(path: Path) -> None:
    """People's data are in it: nobody but the owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600, exist_ok=True)


def _prepare_file(connection: sqlite3.Connection, record: Any) -> None:
    _prepare_memory(connection, record)
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _prepare_memory(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver's own transactions begin too late to be safe
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    for name, (arguments, function) in FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)


def _read_json(text: str) -> Any:
    """A value that we wrote: without looking for white space around it, which takes longer than to read the value."""
    return _DECODER.raw_decode(text)[0]


def _begin(connection: sa.Connection) -> None:
    """Said to the driver itself: what SQLAlchemy does around a statement costs more than this one does."""
    driver = connection.connection.driver_connection
    if driver is not None and driver.in_transaction:  # a database in memory begins by itself
        return
    begin = "BEGIN" if connection.get_execution_options().get(READING, False) else "BEGIN IMMEDIATE"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(begin)
    except sqlite3.Error as error:
        raise sa.exc.OperationalError(begin, None, error) from error
    finally:
        cursor.close()
