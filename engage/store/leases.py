"""Leases over deliveries: a row of `batches` each. Its id is the fencing token, its end goes by the database's clock.

Whoever writes locks that row first; where it is gone, the lease has ended and nothing may be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from engage.delivery.ports import Lease, LeaseLost
from engage.store.clock import MachineNow
from engage.store.queues import due_ids, suspect_ids
from engage.store.releases import releases
from engage.store.tables import batches, deliveries

CAREFUL_LIMIT = 10
"""How many suspects one careful batch holds."""


def claim(connection: sa.Connection, *, now: datetime, queue: str, limit: int, owner: str, lease: timedelta) -> Lease | None:
    """Take due rows under a new lease: suspects first, few at a time; None where nothing is due."""
    if suspects := suspect_ids(connection, queue=queue, now=now, limit=min(limit, CAREFUL_LIMIT)):
        return _take(connection, suspects, owner=owner, lease=lease, careful=True)
    if ids := due_ids(connection, queue=queue, now=now, limit=limit):
        return _take(connection, ids, owner=owner, lease=lease, careful=False)
    return None


def _take(connection: sa.Connection, ids: Sequence[int], *, owner: str, lease: timedelta, careful: bool) -> Lease:
    row = {
        "owner": owner, "lease_until": MachineNow(lease.total_seconds()), "careful": careful, "releases": releases(connection),
    }
    batch_id = connection.execute(sa.insert(batches).values(row).returning(batches.c.id)).scalar_one()
    connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(batch_id=batch_id))
    return Lease(id=batch_id, owner=owner, delivery_ids=tuple(ids), careful=careful)


def hold(connection: sa.Connection, lease: Lease, *, unexpired: bool = False) -> sa.RowMapping:
    """The lease's row, locked until the transaction ends. Raises LeaseLost where it is gone (`unexpired`: or its time is up)."""
    asked = sa.select(batches).where(batches.c.id == lease.id)
    if unexpired:
        asked = asked.where(batches.c.lease_until > MachineNow())
    row = connection.execute(asked.with_for_update()).mappings().first()
    if row is None:
        raise LeaseLost(f"lease {lease.id} has ended")
    return row


def renew(connection: sa.Connection, lease: Lease, *, by: timedelta) -> None:
    """Prolong it, to end so long from now. Raises LeaseLost."""
    hold(connection, lease)
    _change(connection, lease, lease_until=MachineNow(by.total_seconds()))


def take_in_hand(connection: sa.Connection, lease: Lease, delivery_id: int) -> None:
    """Remember which row is about to be rendered or handed over. Raises LeaseLost."""
    hold(connection, lease)
    _change(connection, lease, in_hand=delivery_id)


def release(connection: sa.Connection, lease: Lease) -> None:
    """End it: rows still waiting go back. What is in `sending` is left to the sweep, which may take it at once."""
    try:
        hold(connection, lease)
    except LeaseLost:
        return
    mine = deliveries.c.batch_id == lease.id
    connection.execute(sa.update(deliveries).where(mine, deliveries.c.state == "waiting").values(batch_id=None))
    if connection.scalar(sa.select(sa.exists().where(mine))):
        _change(connection, lease, lease_until=MachineNow(), in_hand=None)
    else:
        connection.execute(sa.delete(batches).where(batches.c.id == lease.id))


def _change(connection: sa.Connection, lease: Lease, **values: object) -> None:
    connection.execute(sa.update(batches).where(batches.c.id == lease.id).values(**values))
