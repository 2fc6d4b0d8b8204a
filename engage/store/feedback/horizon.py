"""Up to which touch nothing can come in between any more, so that whoever reads them by their ids misses none.

On PostgreSQL ids are drawn before they are committed: of two transactions the later may have the lower id. But whoever draws one
holds a lock on the sequence, from before it is drawn until the transaction ends. So of all ids up to the one drawn last it is known
what became of them as soon as none of those goes on who held that lock then; and none of them was drawn by anybody else.
On SQLite there is one writer: what is committed is in order.
"""

from __future__ import annotations

from threading import Lock
from typing import final

import sqlalchemy as sa

from engage.store.database import Database
from engage.store.schema.tables import touches


@final
class Horizon:
    """Looks at it. It moves on once a transaction that was under way at one look has ended by another. Safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = 0
        self._next: tuple[int, frozenset[str]] | None = None
        self._lock = Lock()

    def look(self) -> int | None:
        """The id up to which every touch that will ever be there is there; None as long as that cannot be known."""
        with self._lock, self._database.read() as connection:
            if connection.dialect.name == "sqlite":
                return connection.scalar(_NEWEST) or 0
            return self._look(connection)

    def _look(self, connection: sa.Connection) -> int | None:
        """Each of these statements sees what has been committed before it, in this order: ids, then who may still write some."""
        drawn = connection.scalar(_DRAWN) or 0
        holders = frozenset(connection.scalars(_HOLDERS))
        if self._next is not None and not (self._next[1] & holders):
            self._known, self._next = max(self._known, self._next[0]), None
        if not holders:
            self._known, self._next = max(self._known, drawn), None
        elif self._next is None and drawn > self._known:
            self._next = (drawn, holders)
        return self._known or (None if holders else 0)


_NEWEST = sa.select(sa.func.max(touches.c.id))
_DRAWN = sa.text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM touches_id_seq")
_HOLDERS = sa.text("""
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'touches_id_seq'::regclass AND mode = 'RowExclusiveLock' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
