"""What the columns of all tables are made of, alike on SQLite and PostgreSQL: ids, JSON, moments; and indexes over some rows only."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeDecorator

from engage.model.values import instant_text

NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
}
"""What keys and indexes are called that are given no name."""

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Ids = sa.JSON().with_variant(ARRAY(sa.BigInteger()), "postgresql")
"""Ids of many rows, in their order."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC date-time: `timestamptz`, on SQLite text of fixed width (`2026-02-28T08:00:00.000000Z`) that sorts as it should."""

    impl = sa.String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(sa.TIMESTAMP(timezone=True) if dialect.name == "postgresql" else sa.String(27))

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        return super().bind_processor(dialect) if dialect.name == "postgresql" else _text

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        return super().result_processor(dialect, coltype) if dialect.name == "postgresql" else _moment

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        return value if dialect.name == "postgresql" else _text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


def _text(value: datetime | None) -> str | None:
    return None if value is None else instant_text(value)


@lru_cache(maxsize=4_096)
def _moment(text: str | None) -> datetime | None:
    """The same few moments are read again and again."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def known_then(context: Any) -> datetime:
    """The default of `written_at`: the moment of the row's `known_at`."""
    moment: datetime = context.get_current_parameters()["known_at"]
    return moment


def partial_index(name: str, *columns: str, where: str) -> sa.Index:
    """An index over the rows alone for which `where`, SQL, holds."""
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
