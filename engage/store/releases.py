"""Letting held deliveries go once people have acted: resumed, approved, mended a zone, changed the campaign.

A worker may decide "held" by what it read before people acted and write it after. So every act is counted: a worker that finds, when
it writes, that people acted since it took its batch, leaves the row due at once instead of holding it.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engage.store.database import dialect_insert
from engage.store.tables import deliveries, meta

NAME = "releases"


def releases(connection: sa.Connection, *, locked: bool = False) -> int:
    """How often people have acted. `locked`: nobody acts until this transaction ends."""
    return int(connection.scalar(_COUNTED_LOCKED if locked else _COUNTED) or 0)


_COUNTED = sa.select(meta.c.value).where(meta.c.name == NAME)
_COUNTED_LOCKED = _COUNTED.with_for_update(read=True)


def let_go(connection: sa.Connection, *, now: datetime, hold: str, where: sa.ColumnElement[bool] | None = None) -> int:
    """Make deliveries that are held for this reason due now; those still to be held will be held anew. How many."""
    counted = dialect_insert(connection, meta).values(name=NAME, value="1")
    more = sa.cast(sa.cast(meta.c.value, sa.BigInteger) + 1, sa.String)
    connection.execute(counted.on_conflict_do_update(index_elements=["name"], set_={"value": more}))
    held = [deliveries.c.hold == hold, deliveries.c.hold.is_not(None), *([where] if where is not None else [])]
    return connection.execute(sa.update(deliveries).where(*held).values(hold=None, due_at=now)).rowcount
