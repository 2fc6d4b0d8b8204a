"""How the two databases are connected to, so that a committed row is on the disk and nobody's write is lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool, StaticPool

from engage.store.functions import FUNCTIONS

BUSY_SECONDS = 30
KEPT = 1_000
"""How many statements a connection of SQLite keeps prepared: all that the engine has, with lists of any length."""

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
    """PostgreSQL by psycopg 3, in UTC."""
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"), hide_parameters=True, execution_options=COUNTING,
        pool_pre_ping=True, pool_size=10, max_overflow=20,
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 10, "application_name": "engage"},
    )


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
