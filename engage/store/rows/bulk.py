"""Many rows in one statement at the price of a few: for what every batch writes by the thousand.

SQLAlchemy compiles an INSERT of many rows anew for every number of them, and works on each value apart. Here the statement is made once,
and the rows go as the driver takes them fastest: on SQLite as they are, on PostgreSQL as one array a column (`unnest`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import sqlalchemy as sa

from engage.model.values import instant_text
from engage.store.rows.documents import json_text
from engage.store.schema.columns import Instant
from engage.store.sql.lists import quoted


@final
class BulkInsert:
    """INSERT of these columns of a table."""

    def __init__(self, table: sa.Table, names: Sequence[str]) -> None:
        columns = [table.c[name] for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        self._sqlite = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # our own names alone
        arrays = ", ".join(f"CAST(%s AS {_kind(column)}[])" for column in columns)
        self._postgresql = f"INSERT INTO {table.name} ({listed}) SELECT * FROM unnest({arrays})"  # noqa: S608  # the same
        self._writers = [_writer(column) for column in columns]

    def write(self, connection: sa.Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Write the rows, in their order; none of them is no statement."""
        if not rows:
            return
        columns = [_written(values, writer) for values, writer in zip(zip(*rows, strict=True), self._writers, strict=True)]
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(zip(*columns, strict=True)))
        else:
            connection.exec_driver_sql(self._postgresql, tuple(array(values) for values in columns))


def array(values: Sequence[object]) -> str:
    """PostgreSQL's literal of an array of numbers or texts. Many columns say the same in every row."""
    if values and _is_one(values):
        return "{" + ",".join([_element(values[0])] * len(values)) + "}"
    return "{" + ",".join(map(_element, values)) + "}"


def _is_one(values: Sequence[object]) -> bool:
    first = values[0]
    return all(value == first for value in values)


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    return quoted(value) if isinstance(value, str) else str(value)


def _written(values: Sequence[Any], writer: Callable[[Any], object] | None) -> Sequence[object]:
    """The values of one column as the driver is given them; where all are the same, it is written once."""
    if writer is None:
        return values
    first = values[0]
    if _is_one(values):
        return [None if first is None else writer(first)] * len(values)
    return [None if value is None else writer(value) for value in values]


def _writer(column: sa.Column[Any]) -> Callable[[Any], object] | None:
    if isinstance(column.type, Instant):
        return instant_text
    return json_text if isinstance(column.type, sa.JSON) else None


_KINDS: Mapping[type[Any], str] = {
    Instant: "TIMESTAMPTZ", sa.JSON: "JSONB", sa.BigInteger: "BIGINT", sa.Integer: "INTEGER", sa.String: "TEXT",
}


def _kind(column: sa.Column[Any]) -> str:
    return next(name for kind, name in _KINDS.items() if isinstance(column.type, kind))
