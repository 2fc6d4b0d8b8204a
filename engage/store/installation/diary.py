"""Up to which day something is done that is done once a day; the port `workers.tidying.Diary`."""

from __future__ import annotations

from typing import final

from engage.store.database import Database
from engage.store.notes import raise_note, read_note


@final
class Diary:
    """A note that says up to which day something is done."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def last(self) -> str | None:
        """The day, as it was written; None where there is none yet."""
        with self._database.read() as connection:
            return read_note(connection, self._name)

    def write(self, day: str) -> None:
        """That day is done, or a later one."""
        with self._database.begin() as connection:
            raise_note(connection, self._name, day)
