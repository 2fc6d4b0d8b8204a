"""Leases over deliveries: a row of `batches` each. Its id is the fencing token, its end goes by the database's clock.

It lists what it holds: a waiting delivery is its owner's for as long as it stands there, and one in `sending` for as long as it has the
lease's id. So to claim a thousand is to write one row. Whoever writes locks that row first; where it is gone, the lease has ended and
nothing may be written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from engage.delivery.ports import Lease, LeaseLost
from engage.model.workspace import QUEUES
from engage.store.campaigns.releases import RELEASES
from engage.store.delivery.queues import SUSPECTS, due
from engage.store.delivery.recall import ROWS
from engage.store.rows.rows import Row
from engage.store.schema.columns import Ids
from engage.store.schema.tables import batches, deliveries
from engage.store.sql.clock import MachineNow
from engage.store.sql.listings import Collected
from engage.store.sql.raw import Raw, raw_rows

CAREFUL_LIMIT = 10
"""How many suspects one careful batch holds."""

TURNS = 0x636C61696D00
"""The first of PostgreSQL's advisory locks, one a queue, by which claims go one by one."""


class Claimed(NamedTuple):
    """A new lease; and of what it holds the rows, where they came along."""

    lease: Lease
    rows: Sequence[Raw] | None


def claim(connection: sa.Connection, *, now: datetime, queue: str, limit: int, owner: str, lease: timedelta) -> Claimed | None:
    """Take due rows under a new lease: suspects first, few at a time; None where nothing is due.

    They are listed in the lease's row and left as they are. Those who claim of one queue go one by one, so that each sees what is taken.
    """
    suspects, seconds = min(limit, CAREFUL_LIMIT), lease.total_seconds()
    given = {"of": queue, "now": now, "most": limit, "most_suspects": suspects, "owner": owner, "seconds": seconds}
    if connection.dialect.name == "sqlite":
        opened = connection.execute(_CLAIM_ALONE, given).first()
        if opened is None:
            return None
        return Claimed(Lease(id=opened.id, owner=owner, delivery_ids=tuple(opened.delivery_ids), careful=opened.careful), None)
    connection.execute(_TURN, {"turn": TURNS + QUEUES.index(queue)})  # first: a statement sees what was committed before it began
    rows = raw_rows(connection, _CLAIM, given)
    if not rows:
        return None
    batch_id, careful = rows[0][:2]
    asked = [row[2:] for row in rows]
    return Claimed(Lease(id=batch_id, owner=owner, delivery_ids=tuple(row[0] for row in asked), careful=careful), asked)


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
    if not forget(connection, lease):
        connection.execute(_END, {"batch": lease.id})


def forget(connection: sa.Connection, lease: Lease) -> bool:
    """End it where nothing of it is in `sending`; whether that was so."""
    return bool(connection.execute(_FORGET, {"batch": lease.id}).rowcount)


def give_back(connection: sa.Connection, lease: Lease) -> None:
    """Rows still waiting go back; the lease holds for those in `sending`. Nothing where it has ended."""
    connection.execute(_LIST, {"batch": lease.id, "delivery_ids": []})


def let_go(connection: sa.Connection, batch: Row, ids: Collection[int]) -> None:
    """These wait again, and are anybody's. The caller holds the lease's lock."""
    kept = [each for each in batch["delivery_ids"] if each not in ids]
    if len(kept) < len(batch["delivery_ids"]):
        connection.execute(_LIST, {"batch": batch["id"], "delivery_ids": kept})


def owners(connection: sa.Connection) -> frozenset[str]:
    """Who holds a lease that has not ended."""
    return frozenset(connection.scalars(_OWNERS))


def end_those_of(connection: sa.Connection, gone: Collection[str]) -> None:
    """End these owners' leases now, for the sweep; what somebody has locked meanwhile, with the next look."""
    connection.execute(_END_THOSE_OF, {"gone": sorted(gone)})


# Statements are made once, as every batch of every worker runs them.
_BATCH = batches.c.id == sa.bindparam("batch")
_MINE = deliveries.c.batch_id == sa.bindparam("batch")
_COLUMNS = [batches.c[name] for name in ("owner", "lease_until", "careful", "rendered", "releases", "delivery_ids")]
_OPENED = (batches.c.id, batches.c.careful, batches.c.delivery_ids)


def _chosen(dialect: str) -> sa.Select[*tuple[Any, ...]]:
    """The lease's row, where there is anything for it to hold."""
    suspects = SUSPECTS.cte("suspects")
    others = due(dialect).where(~sa.exists().select_from(suspects)).cte("due")
    chosen = sa.union_all(sa.select(suspects.c.id), sa.select(others.c.id)).cte("chosen")
    return sa.select(
        sa.bindparam("owner", type_=sa.String), MachineNow(sa.bindparam("seconds", type_=sa.Float)),
        sa.exists().select_from(suspects), sa.false(), RELEASES, Collected(chosen.c.id),
    ).select_from(chosen).having(sa.func.count() > 0)


def _claim() -> sa.Select[Any]:
    """PostgreSQL reads them in the same statement, each by its id, whatever it makes of their number beforehand."""
    opened = sa.insert(batches).from_select(_COLUMNS, _chosen("postgresql")).returning(*_OPENED).cte("opened")
    listed = sa.func.unnest(opened.c.delivery_ids).table_valued("id", with_ordinality="place", name="listed").render_derived(name="listed")
    row = ROWS.where(deliveries.c.id == listed.c.id).offset(sa.literal_column("0")).lateral("row")
    return (
        sa.select(opened.c.id.label("opened_id"), opened.c.careful.label("opened_careful"), row)
        .select_from(opened.join(listed, sa.true()).join(row, sa.true()))
        .order_by(listed.c.place)
    )


_CLAIM = _claim()
_CLAIM_ALONE = sa.insert(batches).from_select(_COLUMNS, _chosen("sqlite")).returning(*_OPENED)
_TURN = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("turn", type_=sa.BigInteger)))
_HELD = sa.select(batches).where(_BATCH).with_for_update()
_UNEXPIRED = sa.update(batches).where(_BATCH, batches.c.lease_until > MachineNow()).values(rendered=True).returning(*batches.c)
_RENEW = sa.update(batches).where(_BATCH).values(lease_until=MachineNow(sa.bindparam("seconds", type_=sa.Float)))
_RENEWED = _UNEXPIRED.values(lease_until=MachineNow(sa.bindparam("seconds", type_=sa.Float)))
_IN_HAND = sa.update(batches).where(_BATCH).values(in_hand=sa.bindparam("delivery"))
_LIST = sa.update(batches).where(_BATCH).values(delivery_ids=sa.bindparam("delivery_ids", type_=Ids))
_END = sa.update(batches).where(_BATCH).values(lease_until=MachineNow(), in_hand=None, delivery_ids=[])
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
