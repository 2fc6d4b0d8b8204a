"""Letting held deliveries go once people have acted: resumed, approved, mended a zone, changed the campaign.

A worker may decide "held" by what it read before people acted and write it after. So every act is counted: a worker that finds, when
it writes, that people acted since it took its batch, leaves the row due at once instead of holding it.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engage.store.notes import count_up, counted
from engage.store.schema.tables import deliveries, meta

NAME = "releases"


RELEASES = sa.func.coalesce(
    sa.select(sa.cast(meta.c.value, sa.Integer)).where(meta.c.name == NAME).scalar_subquery(), sa.literal_column("0")
)
"""The same as `releases`, inside a statement."""


def releases(connection: sa.Connection, *, locked: bool = False) -> int:
    """How often people have acted. `locked`: nobody acts until this transaction ends."""
    return counted(connection, NAME, locked=locked)


def let_go(connection: sa.Connection, *, now: datetime, hold: str, where: sa.ColumnElement[bool] | None = None) -> int:
    """Make deliveries that are held for this reason due now; those still to be held will be held anew. How many."""
    count_up(connection, NAME)
    held = [deliveries.c.hold == hold, deliveries.c.hold.is_not(None), *([where] if where is not None else [])]
    return connection.execute(sa.update(deliveries).where(*held).values(hold=None, due_at=now)).rowcount
