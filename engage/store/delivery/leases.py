"""Leases over deliveries: a row of `batches` each. Its id is the fencing token, its end goes by the database's clock.

Whoever writes locks that row first; where it is gone, the lease has ended and nothing may be written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.delivery.ports import Lease, LeaseLost
from engage.model.delivery import DeliveryState
from engage.store.campaigns.releases import RELEASES
from engage.store.delivery.queues import SUSPECTS, due_ids, due_locked, suspect_ids
from engage.store.schema.tables import batches, deliveries
from engage.store.sql.clock import MachineNow
from engage.store.sql.lists import among
from engage.store.sql.raw import raw_rows

CAREFUL_LIMIT = 10
"""How many suspects one careful batch holds."""


def claim(connection: sa.Connection, *, now: datetime, queue: str, limit: int, owner: str, lease: timedelta) -> Lease | None:
    """Take due rows under a new lease: suspects first, few at a time; None where nothing is due."""
    suspects, seconds = min(limit, CAREFUL_LIMIT), lease.total_seconds()
    if connection.dialect.name == "postgresql":
        given = {"of": queue, "now": now, "most": limit, "most_suspects": suspects, "owner": owner, "seconds": seconds}
        taken = raw_rows(connection, _CLAIM, given)
        if not taken:
            return None
        _, careful, batch_id = taken[0]
        return Lease(id=batch_id, owner=owner, delivery_ids=tuple(row[0] for row in taken), careful=careful)
    guilty = suspect_ids(connection, queue=queue, now=now, limit=suspects)
    ids = guilty or due_ids(connection, queue=queue, now=now, limit=limit)
    return _take(connection, ids, owner=owner, seconds=seconds, careful=bool(guilty)) if ids else None


def _take(connection: sa.Connection, ids: Sequence[int], *, owner: str, seconds: float, careful: bool) -> Lease:
    row = {"owner": owner, "seconds": seconds, "careful": careful, "rendered": False}
    batch_id = connection.execute(_OPEN, row).scalar_one()
    connection.execute(_TAKE, {"ids": ids, "batch": batch_id})
    return Lease(id=batch_id, owner=owner, delivery_ids=tuple(ids), careful=careful)


def hold(connection: sa.Connection, lease: Lease) -> sa.RowMapping:
    """The lease's row, locked until the transaction ends. Raises LeaseLost where it is gone."""
    return _held(lease, connection.execute(_HELD, {"batch": lease.id}))


def hold_unexpired(connection: sa.Connection, lease: Lease, *, renew_by: timedelta | None) -> sa.RowMapping:
    """The same, for the hand-off of what is rendered: prolonged to end so long from now. Raises LeaseLost where its time is up, too."""
    if renew_by is None:
        return _held(lease, connection.execute(_UNEXPIRED, {"batch": lease.id}))
    return _held(lease, connection.execute(_RENEWED, {"batch": lease.id, "seconds": renew_by.total_seconds()}))


def _held(lease: Lease, found: sa.CursorResult[Any]) -> sa.RowMapping:
    row = found.mappings().first()
    if row is None:
        raise _ended(lease)
    return row


def _ended(lease: Lease) -> LeaseLost:
    return LeaseLost(f"lease {lease.id} has ended")


def renew(connection: sa.Connection, lease: Lease, *, by: timedelta) -> None:
    """Prolong it, to end so long from now. Raises LeaseLost."""
    if not connection.execute(_RENEW, {"batch": lease.id, "seconds": by.total_seconds()}).rowcount:
        raise _ended(lease)


def take_in_hand(connection: sa.Connection, lease: Lease, delivery_id: int) -> None:
    """Remember which row is about to be rendered or handed over. Raises LeaseLost."""
    hold(connection, lease)
    connection.execute(_IN_HAND, {"batch": lease.id, "delivery": delivery_id})


def release(connection: sa.Connection, lease: Lease) -> None:
    """End it: rows still waiting go back. What is in `sending` is left to the sweep, which may take it at once."""
    if connection.execute(_FORGET, {"batch": lease.id}).rowcount:
        return  # mostly nothing of it is left
    try:
        hold(connection, lease)
    except LeaseLost:
        return
    connection.execute(_GIVE_BACK, {"batch": lease.id})
    if not connection.execute(_FORGET, {"batch": lease.id}).rowcount:
        connection.execute(_END, {"batch": lease.id})


def give_back(connection: sa.Connection, lease: Lease) -> None:
    """Rows still waiting go back; the lease holds for those in `sending`. Nothing where it has ended."""
    try:
        hold(connection, lease)
    except LeaseLost:
        return
    connection.execute(_GIVE_BACK, {"batch": lease.id})


def owners(connection: sa.Connection) -> frozenset[str]:
    """Who holds a lease that has not ended."""
    return frozenset(connection.scalars(_OWNERS))


def end_those_of(connection: sa.Connection, gone: Collection[str]) -> None:
    """End these owners' leases now, for the sweep; what somebody has locked meanwhile, with the next look."""
    connection.execute(_END_THOSE_OF, {"gone": sorted(gone)})


# Statements are made once, as every batch of every worker runs them.
_BATCH = batches.c.id == sa.bindparam("batch")
_MINE = deliveries.c.batch_id == sa.bindparam("batch")
_OPEN = (
    sa.insert(batches)
    .values(lease_until=MachineNow(sa.bindparam("seconds", type_=sa.Float)), releases=RELEASES)
    .returning(batches.c.id)
)


def _claim() -> sa.Select[Any]:
    """On PostgreSQL all is one statement: the due rows, the lease where there are any, and the rows under it."""
    suspects = SUSPECTS.cte("suspects")
    due = due_locked().where(~sa.exists().select_from(suspects)).cte("due")
    chosen = sa.union_all(sa.select(suspects.c.id, sa.true().label("careful")), sa.select(due.c.id, sa.false())).cte("chosen")
    new = sa.select(
        sa.bindparam("owner", type_=sa.String), MachineNow(sa.bindparam("seconds", type_=sa.Float)),
        sa.exists().select_from(suspects), sa.false(), RELEASES,
    ).where(sa.exists().select_from(chosen))
    columns = [batches.c[name] for name in ("owner", "lease_until", "careful", "rendered", "releases")]
    opened = sa.insert(batches).from_select(columns, new).returning(batches.c.id).cte("opened")
    batch_id = sa.select(opened.c.id).scalar_subquery()
    taken = sa.update(deliveries).where(deliveries.c.id.in_(sa.select(chosen.c.id))).values(batch_id=batch_id).cte("taken")
    return sa.select(chosen.c.id, chosen.c.careful, opened.c.id.label("batch_id")).join(opened, sa.true()).add_cte(taken)


_CLAIM = _claim()
_TAKE = sa.update(deliveries).where(among(deliveries.c.id, "ids")).values(batch_id=sa.bindparam("batch"))
_HELD = sa.select(batches).where(_BATCH).with_for_update()
_UNEXPIRED = sa.update(batches).where(_BATCH, batches.c.lease_until > MachineNow()).values(rendered=True).returning(*batches.c)
_RENEW = sa.update(batches).where(_BATCH).values(lease_until=MachineNow(sa.bindparam("seconds", type_=sa.Float)))
_RENEWED = _UNEXPIRED.values(lease_until=MachineNow(sa.bindparam("seconds", type_=sa.Float)))
_IN_HAND = sa.update(batches).where(_BATCH).values(in_hand=sa.bindparam("delivery"))
_GIVE_BACK = sa.update(deliveries).where(_MINE, deliveries.c.state == DeliveryState.WAITING.value).values(batch_id=None)
_END = sa.update(batches).where(_BATCH).values(lease_until=MachineNow(), in_hand=None)
_RUNNING = batches.c.lease_until > MachineNow()
_OWNERS = sa.select(batches.c.owner).where(_RUNNING).distinct()
_END_THOSE_OF = (
    sa.update(batches)
    .where(batches.c.id.in_(
        sa.select(batches.c.id).where(_RUNNING, batches.c.owner.in_(sa.bindparam("gone", expanding=True))).with_for_update(skip_locked=True)
    ))
    .values(lease_until=MachineNow())
)
_FORGET = sa.delete(batches).where(_BATCH, ~sa.exists().where(_MINE))
