"""Token buckets in the database: the port `Buckets` of delivery for workers that share no Redis. Exact, at a short transaction a slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import sqlalchemy as sa

from engage.delivery.buckets import Charge, Grant, book
from engage.store.database import Database
from engage.store.schema.traffic import buckets
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import insert_ignoring

LONG_AGO = 0.0
FULL_AFTER = 86_400.0
"""Seconds after which a bucket is full again at any rate of a message a day or more."""


@final
class SqlBuckets:
    """Safe to use from many threads and processes; the moments are the database's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """Take what there is from each. Rows are locked in the order of their names, so that no two wait for each other."""
        with self._database.begin() as connection:
            paid = _paid(connection, sorted({charge.bucket for charge in charges}))
            now = connection.execute(_NOW).scalar_one().timestamp()
            before = dict(paid)
            grants = []
            for charge in charges:
                after, grant = book(paid[charge.bucket], now, charge)
                grants.append(grant)
                if grant.taken and not charge.dry:
                    paid[charge.bucket] = after
            if changed := [{"of": name, "until": until} for name, until in paid.items() if until != before[name]]:
                connection.execute(_PAID, changed)
        return grants


def _paid(connection: sa.Connection, names: Sequence[str]) -> dict[str, float]:
    """Up to which moment each is paid, their rows locked until the transaction ends."""
    paid = {row.name: row.paid for row in connection.execute(_LOCKED, {"names": names})}
    missing = [name for name in names if name not in paid]
    if missing:
        connection.execute(_FULL_GONE, {"full_since": connection.execute(_NOW).scalar_one().timestamp() - FULL_AFTER})
        connection.execute(insert_ignoring(connection, buckets), [{"name": name, "paid": LONG_AGO} for name in missing])
        paid = {row.name: row.paid for row in connection.execute(_LOCKED, {"names": names})}
    return paid


_NOW = sa.select(MachineNow())
_LOCKED = sa.select(buckets).where(buckets.c.name.in_(sa.bindparam("names", expanding=True))).order_by(buckets.c.name).with_for_update()
_PAID = sa.update(buckets).where(buckets.c.name == sa.bindparam("of")).values(paid=sa.bindparam("until", type_=sa.Float))
_FULL_GONE = sa.delete(buckets).where(buckets.c.paid < sa.bindparam("full_since", type_=sa.Float))
