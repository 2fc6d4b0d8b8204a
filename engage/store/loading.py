"""Rows by the thousand into one table, the fastest way that each database has: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, final

import sqlalchemy as sa


@final
class BulkLoad:
    """The same columns of a table, again and again."""

    def __init__(self, table: sa.Table, names: Sequence[str]) -> None:
        listed = ", ".join(f'"{name}"' for name in names)
        self._table = table
        self._sqlite = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # our own names alone
        self._postgresql = f"COPY {table.name} ({listed}) FROM STDIN"

    def write(self, connection: sa.Connection, rows: Iterable[tuple[object, ...]]) -> None:
        """Write the rows, in their order: moments as `instant_text` has them, values of JSON columns as a `document`."""
        first = next(remaining := iter(rows), None)
        if first is None:
            return
        rows = chain((first,), remaining)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(rows))
            return
        driver: Any = connection.connection.cursor()
        with driver.copy(self._postgresql) as copy:
            for row in rows:
                copy.write_row(row)

    def reserve(self, connection: sa.Connection, number: int) -> Sequence[int]:
        """Ids for so many new rows, which nobody else will get: to ask for each row's own would cost more than the row."""
        if connection.dialect.name == "sqlite":
            last = connection.scalar(_LAST_ID, {"name": self._table.name}) or 0
            return range(last + 1, last + 1 + number)
        drawn = connection.scalar(_DRAWN_IDS, {"name": self._table.name, "number": number}) or ""
        return [int(each) for each in drawn.split(",")] if drawn else []


def document(value: object) -> str:
    """A value of a JSON column, as SQLAlchemy would write it."""
    return _json(value)


_json = json.JSONEncoder().encode  # what `json.dumps` does, and so SQLAlchemy
_LAST_ID = sa.select(sa.column("seq", sa.Integer)).select_from(sa.table("sqlite_sequence")).where(sa.column("name") == sa.bindparam("name"))
_DRAWN_IDS = sa.text(  # as one text: a row of a result costs more than its number
    "SELECT string_agg(CAST(nextval(pg_get_serial_sequence(:name, 'id')) AS text), ',') FROM generate_series(1, :number)"
)
