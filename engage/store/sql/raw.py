"""Rows as the driver gives them, for statements that bring thousands: tuples that can be compared, understood only where they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

Raw = tuple[Any, ...]
"""One row. JSON columns are asked for `as_text`; moments are as the driver has them."""


def raw_rows(connection: sa.Connection, asked: sa.Executable, given: Mapping[str, object]) -> Sequence[Raw]:
    """What the query finds. SQLAlchemy's own rows cost several times as much as all that is made of them."""
    result = connection.execute(asked, given)
    cursor = getattr(result, "cursor", None)
    if cursor is None:  # of a database in memory, which has taken them from its driver already
        return [tuple(row) for row in result]
    rows: Sequence[Raw] = cursor.fetchall()
    return rows


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A JSON column as its text."""
    return sa.cast(column, sa.Text)


@lru_cache(maxsize=4096)
def json_of(text: str) -> Any:
    """What the text says, shared by all who ask: never to be changed. Most rows of a batch say the same."""
    return json.loads(text)


def moment(value: datetime | str) -> datetime:
    """A moment of either database, in UTC."""
    if isinstance(value, str):
        return _moment(value)
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(maxsize=8192)
def _moment(text: str) -> datetime:
    """The rows of a batch say the same few moments."""
    return datetime.fromisoformat(text).astimezone(UTC)


def moment_or_none(value: datetime | str | None) -> datetime | None:
    """The same of a column that may be empty."""
    return None if value is None else moment(value)
