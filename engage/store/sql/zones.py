"""Where contacts live, asked of an index: one step for each zone, not one for each contact."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engage.store.schema.tables import contacts


def zone_keys(connection: sa.Connection) -> Sequence[str]:
    """The zone keys of all contacts, in order."""
    return connection.scalars(_ZONE_KEYS).all()


def _steps() -> sa.Select[str]:
    """From each zone to the next: the database does not know to skip the rows between by itself."""
    first = sa.select(sa.func.min(contacts.c.zone_key).label("zone_key")).cte("zones", recursive=True)
    following = sa.select(sa.func.min(contacts.c.zone_key)).where(contacts.c.zone_key > first.c.zone_key).scalar_subquery()
    zones = first.union_all(sa.select(following).where(first.c.zone_key.is_not(None)))
    return sa.select(zones.c.zone_key).where(zones.c.zone_key.is_not(None)).order_by(zones.c.zone_key)


_ZONE_KEYS = _steps()
