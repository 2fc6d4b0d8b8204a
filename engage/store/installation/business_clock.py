"""The business clock that the demo and tests keep in the database and move; a real installation keeps none."""

from __future__ import annotations

from datetime import datetime
from typing import final

from engage.model.values import instant_text
from engage.store.database import Database
from engage.store.notes import erase_note, raise_note, read_note

NAME = "business_clock"


@final
class StoredMoment:
    """One moment, the same for all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> datetime | None:
        """The moment; None where none is kept."""
        with self._database.read() as connection:
            value = read_note(connection, NAME)
        return None if value is None else datetime.fromisoformat(value)

    def set(self, to: datetime) -> None:
        """Keep this moment; an earlier one than is kept is not taken, so that the clock never goes back."""
        with self._database.begin() as connection:
            raise_note(connection, NAME, instant_text(to))

    def remove(self) -> None:
        """Keep none: the machine's clock is the business clock again."""
        with self._database.begin() as connection:
            erase_note(connection, NAME)
