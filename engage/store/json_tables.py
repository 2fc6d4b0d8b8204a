"""Rows of a program's own as a table inside a statement: one parameter, however many there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engage.store.columns import Instant, Json


def json_table(
    connection: sa.Connection, name: str, columns: Mapping[str, Any], rows: Sequence[Mapping[str, object]]
) -> sa.FromClause:
    """The rows as a FROM element of that name; `columns` are the types by name. Moments in the rows are written by `instant_text`."""
    if connection.dialect.name == "postgresql" and len(rows) == 1:  # a set of records is guessed to be a hundred
        return _named(name, columns, sa.func.jsonb_to_record(sa.cast(sa.literal(json.dumps(rows[0]), sa.Text), Json)))
    return _unfolded(connection.dialect.name, name, columns, sa.literal(json.dumps(rows), sa.Text))


def json_source(dialect: str, name: str, columns: Mapping[str, Any]) -> sa.FromClause:
    """The same for a statement that is made once: its rows, as JSON text, are the parameter `rows`."""
    return _unfolded(dialect, name, columns, sa.bindparam("rows", type_=sa.Text))


def _unfolded(dialect: str, name: str, columns: Mapping[str, Any], given: sa.ColumnElement[str]) -> sa.FromClause:
    if dialect == "postgresql":
        return _named(name, columns, sa.func.jsonb_to_recordset(sa.cast(given, Json)))
    each = sa.func.json_each(given).table_valued(sa.column("value", sa.String), name=f"{name}_given")
    extracted = [_typed(sa.func.json_extract(each.c.value, f"$.{column}"), kind).label(column) for column, kind in columns.items()]
    return sa.select(*extracted).cte(name).prefix_with("MATERIALIZED")  # taken apart once, and indexed by SQLite where it is joined


def _named(name: str, columns: Mapping[str, Any], records: Any) -> sa.FromClause:
    """PostgreSQL's records as a table of these columns."""
    typed = [sa.column(each, sa.TIMESTAMP(timezone=True) if isinstance(kind, Instant) else kind) for each, kind in columns.items()]
    return sa.select(records.table_valued(*typed, name=f"{name}_given").render_derived(with_types=True)).subquery(name)


def _typed(value: sa.ColumnElement[Any], kind: Any) -> sa.ColumnElement[Any]:
    """With the affinity that SQLite needs to use an index of its own making."""
    return sa.type_coerce(sa.cast(value, sa.String) if isinstance(kind, sa.String | Instant) else value, kind)
