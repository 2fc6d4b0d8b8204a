"""What has come in of late, by type; the port `engage.planning.observed.Sightings`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.planning.observed import SeenEvents
from engage.store.database import Database
from engage.store.schema.tables import events

SAMPLES = 200
"""Of each type; the last ones."""


@final
class SqlSightings:
    """Reads events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, *, since: datetime) -> Sequence[SeenEvents]:
        """By type, in their order: what was received since then."""
        place = sa.func.row_number().over(partition_by=events.c.type, order_by=events.c.at.desc()).label("place")
        received = events.c.received_at >= since
        ranked = sa.select(events.c.type, events.c.data, place).where(received).subquery()
        counted = sa.select(events.c.type, sa.func.count(), sa.func.max(events.c.at)).where(received).group_by(events.c.type)
        with self._database.read() as connection:
            found = {type_: (count, last, list[dict[str, object]]()) for type_, count, last in connection.execute(counted)}
            for type_, data in connection.execute(sa.select(ranked.c.type, ranked.c.data).where(ranked.c.place <= SAMPLES)):
                found[type_][2].append(data)
        return [SeenEvents(type=type_, count=count, last=last, samples=samples) for type_, (count, last, samples) in sorted(found.items())]
