"""The connection of a database in memory, where simulations run: what comes again and again goes straight to the driver.

That is transactions, and statements that are kept ready. SQLAlchemy runs all others, within the same transactions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast, final

import sqlalchemy as sa
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from engage.store.sql.ready import Ready, ready

_NAME = itemgetter(0)


@final
class Outcome(IteratorResult[Any]):
    """The rows of a statement, and how many it wrote."""

    rowcount: int


@final
class MemoryConnection(sa.Connection):
    """The only connection to its database."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._driver = cast("sqlite3.Connection", self.connection.driver_connection)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        self._driver.execute("BEGIN")
        try:
            yield
        except BaseException:
            (self.rollback if self.in_transaction() else self._driver.rollback)()
            raise
        (self.commit if self.in_transaction() else self._driver.commit)()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read in the block is of one moment: nobody else is there who could write meanwhile."""
        within = self._driver.in_transaction
        try:
            yield
        finally:
            if self.in_transaction() and not within:  # SQLAlchemy begins one by itself
                self.commit()

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Run it, once or for each of a list of parameters."""
        made = None if execution_options else ready(statement, parameters, dialect=self.dialect)
        if made is None:
            return super().execute(statement, parameters, execution_options=execution_options)
        cursor, found = self._run(made, parameters)
        return _outcome(cursor, made.rows(found))

    def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """The first value of the first row."""
        made = None if execution_options else ready(statement, parameters, dialect=self.dialect)
        if made is None:
            return super().execute(statement, parameters, execution_options=execution_options).scalar()
        _, found = self._run(made, parameters)
        return next(made.rows(found))[0] if found else None

    def scalars(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """The first value of each row."""
        return self.execute(statement, parameters, execution_options=execution_options).scalars()

    def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Any:
        """Run the driver's own SQL; with a list of parameters, for each of them."""
        if execution_options or not isinstance(parameters, list | tuple):
            return super().exec_driver_sql(statement, parameters, execution_options)
        return _outcome(*self._asked(statement, parameters))

    def _run(self, made: Ready, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
        many = bool(parameters) and isinstance(parameters, list)
        return self._asked(made.text, [made.arguments(each) for each in parameters] if many else made.arguments(parameters or {}))

    def _asked(self, text: str, arguments: Any) -> tuple[sqlite3.Cursor, list[Any]]:
        try:
            cursor = self._driver.executemany(text, arguments) if isinstance(arguments, list) else self._driver.execute(text, arguments)
            return cursor, cursor.fetchall()
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True) from error


def _outcome(cursor: sqlite3.Cursor, rows: Iterable[Any]) -> Outcome:
    outcome = Outcome(_described(tuple(map(_NAME, cursor.description or ()))), iter(rows))
    outcome.rowcount = cursor.rowcount
    return outcome


@lru_cache(maxsize=1_000)
def _described(names: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(names)
