"""The connection of a database in memory, where simulations run: statements that come again go straight to the driver."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import Any, cast, final

import sqlalchemy as sa
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from engage.store.ready import Ready, ready


@final
class Outcome(IteratorResult[Any]):
    """The rows of a statement, and how many it wrote."""

    rowcount: int


@final
class MemoryConnection(sa.Connection):
    """Runs statements as any other connection does, sooner."""

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Run it, once or for each of a list of parameters."""
        made = None if execution_options else ready(statement, parameters, dialect=self.dialect)
        if made is None:
            return super().execute(statement, parameters, execution_options=execution_options)
        return self._run(made, parameters)

    def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """The first value of the first row."""
        return self.execute(statement, parameters, execution_options=execution_options).scalar()

    def scalars(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """The first value of each row."""
        return self.execute(statement, parameters, execution_options=execution_options).scalars()

    def _run(self, made: Ready, parameters: Any) -> Outcome:
        driver = cast("sqlite3.Connection", self.connection.driver_connection)
        try:
            if isinstance(parameters, list):
                cursor = driver.executemany(made.text, [made.arguments(each) for each in parameters])
            else:
                cursor = driver.execute(made.text, made.arguments(parameters or {}))
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(made.text, None, error, sqlite3.Error, hide_parameters=True) from error
        outcome = Outcome(_described(tuple(column[0] for column in cursor.description or ())), made.rows(found))
        outcome.rowcount = cursor.rowcount
        return outcome


@lru_cache(maxsize=1_000)
def _described(names: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(names)
