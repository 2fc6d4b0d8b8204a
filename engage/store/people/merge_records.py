"""What a merge remembers, so that it can be undone: both rows as they were, and all that changed hands. JSON in `merges.record`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.model.values import instant_text
from engage.store.rows.rows import Row
from engage.store.schema.columns import Instant

Columns = dict[str, Any]
"""A row as JSON values, by column."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Of one merge. `before` is how the kept contact was, `after` how the merge left it, `merged` how the other was."""

    before: Columns
    after: Columns
    merged: Columns
    members: dict[str, list[Columns]]  # by `kept` and `merged`, whether they were in the segments that are watched
    identities: list[Columns]  # the other identities of both, before
    belongings: dict[str, Any]  # what went over to the kept one
    aside: list[int] = field(default_factory=list)  # lines of the ledger that the kept one lost
    appended: list[int] = field(default_factory=list)  # lines that the merge wrote
    newest_line: int = 0  # of the ledger, when it was done
    suppressed: list[str] = field(default_factory=list)  # addresses that the merge put on the list
    ended: list[Columns] = field(default_factory=list)  # runs that go on no more, as they were
    recalled: list[Columns] = field(default_factory=list)  # their deliveries that waited

    def as_json(self) -> dict[str, Any]:
        """For the column."""
        return asdict(self)


def columns_of(row: Row | Mapping[str, Any]) -> Columns:
    """The row as JSON values."""
    return {name: instant_text(value) if isinstance(value, datetime) else value for name, value in row.items()}


def row_of(table: sa.Table, columns: Columns) -> dict[str, Any]:
    """The columns as a row is written."""
    return {name: _value(table.c[name], value) for name, value in columns.items()}


def _value(column: sa.ColumnElement[Any], value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(column.type, Instant) and isinstance(value, str) else value


def restored(before: Columns, after: Columns, now: Columns) -> Columns:
    """A row as it was before the merge, but for what was changed since: that stays."""
    attributes = {name: _restored(name, before["attributes"], after["attributes"], now["attributes"]) for name in (
        {**before["attributes"], **after["attributes"], **now["attributes"]}
    )}
    row = {name: _restored(name, before, after, now) for name in before}
    return row | {"attributes": {name: value for name, value in attributes.items() if value is not None}}


def _restored(name: str, before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    return before.get(name) if now.get(name) == after.get(name) else now.get(name)


def read_record(raw: Mapping[str, Any]) -> Record:
    """What `as_json` gave."""
    return Record(**raw)


def rows_as_columns(rows: Sequence[Row]) -> list[Columns]:
    """Several of them."""
    return [columns_of(row) for row in rows]
