"""The harness's own window on the database, past any proxy: it waits while the server is away. It writes one thing: that time passed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Any

import sqlalchemy as sa

from engage.store.schema.tables import deliveries

PATIENCE = 60.0


class Window:
    """Safe to use from many threads."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        self._pause = Event()

    def rows(self, asked: sa.Select[Any]) -> Sequence[Any]:
        """The rows; asked again where the server went away meanwhile."""
        deadline = monotonic() + PATIENCE
        while True:
            try:
                with self._engine.connect() as connection:
                    return connection.execute(asked).all()
            except sa.exc.OperationalError:
                if monotonic() > deadline:
                    raise
                self._pause.wait(0.1)

    def count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        """How many rows."""
        return int(self.rows(sa.select(sa.func.count()).select_from(table).where(*where))[0][0])

    def let_back_offs_end(self) -> None:
        """What waits after an error of its provider may be tried again now; it would be minutes."""
        with suppress(sa.exc.OperationalError), self._engine.begin() as connection:  # it has no time: this is asked for again and again
            connection.execute(sa.update(deliveries).where(deliveries.c.retry_at.is_not(None)).values(retry_at=None))

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()
