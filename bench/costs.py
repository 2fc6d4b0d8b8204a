"""What a piece of work asks of the database: how many statements, and how many rows it brings into Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


@dataclass
class Cost:
    """What a piece of work asked for."""

    statements: int = 0
    rows: int = 0


class Counted:
    """A cursor that counts the rows which it hands over."""

    def __init__(self, cursor: Any, cost: Cost) -> None:
        self._cursor = cursor
        self._cost = cost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def fetchone(self) -> Any:
        row = self._cursor.fetchone()
        self._cost.rows += row is not None
        return row

    def fetchmany(self, *size: int) -> Any:
        found = self._cursor.fetchmany(*size)
        self._cost.rows += len(found)
        return found

    def fetchall(self) -> Any:
        found = self._cursor.fetchall()
        self._cost.rows += len(found)
        return found


@contextmanager
def costs(engine: sa.Engine) -> Iterator[Cost]:
    """Count what the block asks for."""
    cost = Cost()

    def count(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        cost.statements += 1
        context.cursor = Counted(cursor, cost)

    sa.event.listen(engine, "after_cursor_execute", count)
    try:
        yield cost
    finally:
        sa.event.remove(engine, "after_cursor_execute", count)
