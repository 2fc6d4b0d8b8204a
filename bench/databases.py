"""The databases of the bench of planning: one full of people, and the same without indexes on what entering writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, final

import sqlalchemy as sa

from bench.crowd import add_people
from engage.store.database import Database
from tests.servers.postgres import postgres

KNOWN_FOR = timedelta(days=30)
CHUNK = 250_000
WRITTEN = ("touches", "deliveries", "runs")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A database, and the same without indexes on what entering writes."""

    full: Database
    bare: Database


@contextmanager
def _on_sqlite(folder: Path, people: int, in_zones: Sequence[str], now: datetime) -> Iterator[Pair]:
    _filled(f"sqlite:///{folder / 'full.db'}", people, in_zones, now).close()
    shutil.copy(folder / "full.db", folder / "bare.db")
    full, bare = (Database.open(f"sqlite:///{folder / name}") for name in ("full.db", "bare.db"))
    with bare.begin() as connection:
        for table in WRITTEN:
            _made_bare(connection, table)
    yield Pair(full=full, bare=bare)
    full.close()
    bare.close()


def _made_bare(connection: sa.Connection, table: str) -> None:
    """SQLite drops no constraint: the table is made anew, with its columns alone."""
    columns = connection.exec_driver_sql(f"PRAGMA table_info({table})").mappings().all()
    said = ", ".join("id INTEGER PRIMARY KEY" if row["name"] == "id" else f'"{row["name"]}" {row["type"]}' for row in columns)
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"CREATE TABLE {table} ({said})")


@contextmanager
def _on_postgresql(folder: Path, people: int, in_zones: Sequence[str], now: datetime) -> Iterator[Pair]:
    with postgres() as server:
        ask(server, "CREATE DATABASE planned")
        full = _filled(named(server, "planned"), people, in_zones, now)
        full.engine.dispose()
        ask(server, "CREATE DATABASE bare TEMPLATE planned")
        bare = Database.open(named(server, "bare"))
        with bare.begin() as connection:
            connection.execute(sa.text("DROP TABLE touch_details"))
            for asked in (_CONSTRAINTS, _INDEXES):
                for drop in connection.scalars(sa.text(asked)).all():
                    connection.execute(sa.text(drop))
        yield Pair(full=full, bare=bare)
        full.close()
        bare.close()


_CONSTRAINTS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
    WHERE conrelid::regclass::text IN ('touches', 'deliveries', 'runs') AND contype IN ('p', 'u')"""
_INDEXES = "SELECT format('DROP INDEX %I', indexname) FROM pg_indexes WHERE tablename IN ('touches', 'deliveries', 'runs')"


def _filled(url: str, people: int, in_zones: Sequence[str], now: datetime) -> Database:
    """A migrated database with so many people."""
    database = Database.open(url)
    database.migrate()
    for first in range(1, people + 1, CHUNK):
        with database.begin() as connection:
            add_people(connection, min(CHUNK, people + 1 - first), in_zones=in_zones, known_at=now - KNOWN_FOR, first=first)
    return database


def ask(server: str, statement: str) -> None:
    """Let the server do what no transaction may hold: make a database."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def named(server: str, database: str) -> str:
    """The URL of another database of the server."""
    return sa.make_url(server).set(database=database).render_as_string(hide_password=False)


DATABASES: Mapping[str, Callable[[Path, int, Sequence[str], datetime], Any]] = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}
