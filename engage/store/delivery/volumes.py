"""What each provider was given on each day, while it is being warmed up: the port `Volumes` of delivery on SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import final

import sqlalchemy as sa

from engage.store.database import Database
from engage.store.schema.traffic import volumes
from engage.store.sql.inserts import insert_ignoring

KEPT = timedelta(days=90)


@final
class SqlVolumes:
    """Counts that outlive their workers. Safe to use from many threads and processes; every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, provider: str, day: date, *, wanted: int, most: int) -> int:
        """Count up to so many more, so that the day has no more than `most`; how many."""
        row = {"provider": provider, "day": day}
        with self._database.begin() as connection:
            if connection.execute(insert_ignoring(connection, volumes).values(**row, messages=0)).rowcount:
                connection.execute(sa.delete(volumes).where(volumes.c.day < day - KEPT))
            had: int = connection.execute(_LOCKED, {"of": provider, "on": day}).scalar_one()
            got = max(0, min(wanted, most - had))
            if got:
                connection.execute(_COUNTED, {"of": provider, "on": day, "more": got})
        return got

    def give_back(self, provider: str, day: date, messages: int) -> None:
        """Take back what was counted and not handed over; never more than the day has, as it may have been counted the day before."""
        with self._database.begin() as connection:
            connection.execute(_GIVEN_BACK, {"of": provider, "on": day, "less": messages})

    def taken(self, providers: Iterable[str], day: date) -> Mapping[str, int]:
        """What was counted that day; those of whom nothing was are left out."""
        with self._database.read() as connection:
            rows = connection.execute(_TAKEN, {"those": list(providers), "on": day}).all()
        return {row.provider: row.messages for row in rows if row.messages}


_ROW = (volumes.c.provider == sa.bindparam("of"), volumes.c.day == sa.bindparam("on"))
_LOCKED = sa.select(volumes.c.messages).where(*_ROW).with_for_update()
_COUNTED = sa.update(volumes).where(*_ROW).values(messages=volumes.c.messages + sa.bindparam("more", type_=sa.Integer))
_LEFT = volumes.c.messages - sa.bindparam("less", type_=sa.Integer)
_GIVEN_BACK = sa.update(volumes).where(*_ROW).values(messages=sa.case((_LEFT > 0, _LEFT), else_=0))
_TAKEN = sa.select(volumes).where(volumes.c.provider.in_(sa.bindparam("those", expanding=True)), volumes.c.day == sa.bindparam("on"))
