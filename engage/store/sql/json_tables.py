"""Rows of a program's own as a table inside a statement: one parameter, however many there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engage.store.schema.columns import Instant, Json


def json_table(
    connection: sa.Connection, name: str, columns: Mapping[str, Any], rows: Sequence[Mapping[str, object]]
) -> sa.FromClause:
    """The rows as a FROM element of that name; `columns` are the types by name. Moments in the rows are written by `instant_text`."""
    single = connection.dialect.name == "postgresql" and len(rows) == 1
    given = sa.literal(json.dumps(rows[0] if single else rows), sa.Text)
    return _unfolded(connection.dialect.name, name, columns, given, single=single)


def json_source(
    dialect: str, name: str, columns: Mapping[str, Any], *, rows: str = "rows", single: bool = False
) -> sa.FromClause:
    """The same for a statement that is made once: its rows, as JSON text, are the parameter of the name `rows`.

    With `single`, for PostgreSQL alone, that text is one row: it guesses a set of records to be a hundred.
    """
    return _unfolded(dialect, name, columns, sa.bindparam(rows, type_=sa.Text), single=single)


def _unfolded(dialect: str, name: str, columns: Mapping[str, Any], given: sa.ColumnElement[str], *, single: bool) -> sa.FromClause:
    if dialect == "postgresql":
        records = sa.func.jsonb_to_record if single else sa.func.jsonb_to_recordset
        return _named(name, columns, records(sa.cast(given, Json)))
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
