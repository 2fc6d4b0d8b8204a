"""INSERTs that know what to do where the row is there already, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_ignoring(connection: sa.Connection, table: sa.Table) -> Any:
    """INSERT … ON CONFLICT DO NOTHING of the connection's dialect."""
    return _ignoring(connection.dialect.name, table)


@cache
def _ignoring(dialect: str, table: sa.Table) -> Any:
    """Made once, so that whoever keeps statements ready knows it again."""
    return insert_of(dialect, table).on_conflict_do_nothing()


def upsert(connection: sa.Connection, table: sa.Table, row: Mapping[str, object], changed: Mapping[str, object]) -> None:
    """Write the row; where one of its primary key is there already, only what `changed` says of that."""
    written = dialect_insert(connection, table).values(row)
    connection.execute(written.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed))


def dialect_insert(connection: sa.Connection, table: sa.Table) -> Any:
    """The INSERT that knows ON CONFLICT."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: sa.Table) -> Any:
    """The same, by the name of the dialect."""
    return sqlite_insert(table) if dialect == "sqlite" else postgresql_insert(table)
