"""The business clock that the demo and tests keep in the database and move; a real installation keeps none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import final

import sqlalchemy as sa

from engage.model.values import INSTANT
from engage.store.database import Database, dialect_insert
from engage.store.tables import meta

NAME = "business_clock"


@final
class StoredMoment:
    """One moment, the same for all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> datetime | None:
        """The moment; None where none is kept."""
        with self._database.read() as connection:
            value = connection.scalar(sa.select(meta.c.value).where(meta.c.name == NAME))
        return None if value is None else datetime.strptime(value, INSTANT).replace(tzinfo=UTC)

    def set(self, to: datetime) -> None:
        """Keep this moment; an earlier one than is kept is not taken, so that the clock never goes back."""
        value = to.astimezone(UTC).strftime(INSTANT)
        with self._database.begin() as connection:
            written = dialect_insert(connection, meta).values(name=NAME, value=value)
            later = written.excluded.value > meta.c.value
            connection.execute(written.on_conflict_do_update(index_elements=["name"], set_={"value": value}, where=later))

    def remove(self) -> None:
        """Keep none: the machine's clock is the business clock again."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(meta).where(meta.c.name == NAME))
