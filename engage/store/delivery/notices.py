"""The word that goes round about providers: the port `Notices` of delivery on SQL, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

import sqlalchemy as sa

from engage.delivery.rate_ports import Notice
from engage.store.database import Database
from engage.store.schema.traffic import notices
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import upsert

EVERY_WORKER = ""
REMEMBERED = timedelta(minutes=15)
"""For how long after its pause a breaker of which nothing more was heard is shown as being tried again: a worker may have ended."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is said of a provider, or of a recipient's domain: by which worker (None: it holds for all), since when, until when, why.

    `now` is when it was asked.
    """

    provider: str
    worker: str | None
    since: datetime
    until: datetime
    reason: str
    now: datetime

    @property
    def lasts(self) -> bool:
        """Whether it is left alone still; else it is being tried again."""
        return self.until > self.now


@final
class SqlNotices:
    """What workers tell each other, and people. `owner` is this worker. Safe to use from many threads and processes."""

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    def for_all(self) -> Sequence[Notice]:
        """What every worker must heed, as long as it lasts."""
        with self._database.read() as connection:
            rows = connection.execute(_FOR_ALL).all()
        return [Notice(provider=row.provider, seconds=(row.until - row.now) / timedelta(seconds=1), reason=row.reason) for row in rows]

    def ask_all(self, notice: Notice) -> None:
        """Let every worker leave the provider alone; what lasts longer already stays."""
        self._write(notice, EVERY_WORKER)

    def tell(self, notice: Notice) -> None:
        """Tell people that this worker leaves it alone."""
        self._write(notice, self._owner)

    def well(self, provider: str) -> None:
        """Tell people that this worker found it well again."""
        with self._database.begin() as connection:
            connection.execute(_OURS_GONE, {"of": provider, "owned_by": self._owner})

    def _write(self, notice: Notice, owner: str) -> None:
        with self._database.begin() as connection:
            connection.execute(_OLD_GONE)
            ends = MachineNow(notice.seconds)
            row = {"provider": notice.provider, "owner": owner, "since": MachineNow(), "until": ends, "reason": notice.reason}
            lasts_longer = notices.c.until >= ends
            changed = {name: sa.case((lasts_longer, notices.c[name]), else_=row[name]) for name in ("until", "reason")}
            upsert(connection, notices, row, changed)


def standings(database: Database) -> Sequence[Standing]:
    """All that is said of providers and domains, for people."""
    with database.read() as connection:
        rows = connection.execute(_ALL).all()
    return [
        Standing(
            provider=row.provider, worker=row.owner or None, since=row.since, until=row.until, reason=row.reason, now=row.now,
        )
        for row in rows
    ]


_NOW = MachineNow().label("now")
_FOR_ALL = sa.select(notices, _NOW).where(notices.c.owner == EVERY_WORKER, notices.c.until > MachineNow())
_ALL = (
    sa.select(notices, _NOW)
    .where(notices.c.until > MachineNow(sa.case((notices.c.owner == EVERY_WORKER, 0.0), else_=-REMEMBERED.total_seconds())))
    .order_by(notices.c.provider, notices.c.owner)
)
_OURS_GONE = sa.delete(notices).where(notices.c.provider == sa.bindparam("of"), notices.c.owner == sa.bindparam("owned_by"))
_OLD_GONE = sa.delete(notices).where(notices.c.until <= MachineNow(-REMEMBERED.total_seconds()))
