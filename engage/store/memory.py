"""The connection of a database in memory, where simulations run: statements that come again go straight to the driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
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

    def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Any:
        """Run the driver's own SQL; with a list of parameters, for each of them."""
        if execution_options or not isinstance(parameters, list):
            return super().exec_driver_sql(statement, parameters, execution_options)
        return _outcome(*self._asked(statement, parameters))

    def _run(self, made: Ready, parameters: Any) -> Outcome:
        many = isinstance(parameters, list)
        cursor, found = self._asked(made.text, [made.arguments(each) for each in parameters] if many else made.arguments(parameters or {}))
        return _outcome(cursor, made.rows(found))

    def _asked(self, text: str, arguments: Any) -> tuple[sqlite3.Cursor, list[Any]]:
        driver = cast("sqlite3.Connection", self.connection.driver_connection)
        try:
            cursor = driver.executemany(text, arguments) if isinstance(arguments, list) else driver.execute(text, arguments)
            return cursor, cursor.fetchall()
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True) from error


def _outcome(cursor: sqlite3.Cursor, rows: Iterable[Any]) -> Outcome:
    outcome = Outcome(_described(tuple(column[0] for column in cursor.description or ())), iter(rows))
    outcome.rowcount = cursor.rowcount
    return outcome


@lru_cache(maxsize=1_000)
def _described(names: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(names)
