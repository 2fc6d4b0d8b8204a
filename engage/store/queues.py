"""The queues of waiting deliveries, read by their index: (queue, priority, due time) of what waits and is in nobody's hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.model.workspace import QUEUES
from engage.store.clock import MachineNow
from engage.store.conditions import SUSPECT, WAITING_FREE
from engage.store.lists import among
from engage.store.tables import deliveries

PRIORITIES = range(9, -1, -1)


def due_ids(connection: sa.Connection, *, queue: str, now: datetime, limit: int) -> Sequence[int]:
    """Up to `limit` due rows of a queue, the higher priority first, then the older; on PostgreSQL locked, passing over locked ones.

    Suspects are not among them.
    """
    asked = _DUE_POSTGRESQL if connection.dialect.name == "postgresql" else _DUE_SQLITE
    return connection.scalars(asked, {"of": queue, "now": now, "most": limit}).all()


def suspect_ids(connection: sa.Connection, *, queue: str, now: datetime, limit: int) -> Sequence[int]:
    """The same of the suspects."""
    return connection.scalars(_SUSPECTS, {"of": queue, "now": now, "most": limit}).all()


def is_due(now: sa.ColumnElement[datetime]) -> tuple[sa.ColumnElement[bool], ...]:
    """Deliveries whose moment has come, and whose provider is not waited for."""
    return deliveries.c.due_at <= now, sa.or_(deliveries.c.retry_at.is_(None), deliveries.c.retry_at <= MachineNow())


# Statements are made once: a claim that finds nothing costs next to nothing.
_MOST = sa.bindparam("most", type_=sa.Integer)
_IS_DUE = (deliveries.c.queue == sa.bindparam("of"), *is_due(sa.bindparam("now")))
_SUSPECTS = (
    sa.select(deliveries.c.id)
    .where(sa.text(SUSPECT), *_IS_DUE)
    .order_by(deliveries.c.priority.desc(), deliveries.c.due_at, deliveries.c.id)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)


def _due(priority: Any) -> sa.Select[int]:
    return (
        sa.select(deliveries.c.id)
        .where(sa.text(WAITING_FREE), *_IS_DUE, deliveries.c.priority == priority, ~deliveries.c.careful)
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(_MOST)
    )


def _due_postgresql() -> sa.Select[Any]:
    """One index scan a priority, begun only when those before it did not give enough."""
    levels = sa.values(sa.column("priority", sa.Integer), name="level").data([(priority,) for priority in PRIORITIES])
    rows = _due(levels.c.priority).with_for_update(skip_locked=True).lateral("due")
    return sa.select(rows.c.id).select_from(levels.join(rows, sa.true())).limit(_MOST)


def _due_sqlite() -> sa.Select[Any]:
    levels = [sa.select(_due(priority).subquery(f"level_{priority}").c.id) for priority in PRIORITIES]
    return sa.select(sa.union_all(*levels).subquery("due").c.id).limit(_MOST)


_DUE_POSTGRESQL, _DUE_SQLITE = _due_postgresql(), _due_sqlite()


def outranked_ids(connection: sa.Connection, ids: Sequence[int], *, now: datetime) -> frozenset[int]:
    """Those of the deliveries before which another batch's, due for the same contact, must go: by priority, then by age.

    What waits for people, for its provider or as a suspect makes nobody wait.
    """
    return frozenset(connection.scalars(_OUTRANKED, {"ids": list(ids), "now": now}))


def _outranked() -> sa.Select[int]:
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    earlier = sa.tuple_(other.c.due_at, other.c.id) < sa.tuple_(mine.c.due_at, mine.c.id)
    first = sa.or_(other.c.priority > mine.c.priority, sa.and_(other.c.priority == mine.c.priority, earlier))
    due = (
        other.c.state == sa.literal_column("'waiting'"), other.c.due_at <= sa.bindparam("now"), other.c.hold.is_(None), ~other.c.careful,
        sa.or_(other.c.retry_at.is_(None), other.c.retry_at <= MachineNow()),
    )
    elsewhere = (other.c.queue == mine.c.queue, other.c.batch_id.is_distinct_from(mine.c.batch_id))
    same = other.c.contact_id == mine.c.contact_id
    return sa.select(mine.c.id).where(among(mine.c.id, "ids"), sa.exists().where(same, *elsewhere, *due, first))


_OUTRANKED = _outranked()


def earliest_delivery(connection: sa.Connection) -> datetime | None:
    """The earliest due moment of any waiting delivery, in hand or not."""
    moment: datetime | None = connection.scalar(_EARLIEST)
    return moment


def _earliest() -> sa.Select[datetime]:
    free = [
        sa.select(sa.func.min(deliveries.c.due_at).label("due_at")).where(
            sa.text(WAITING_FREE), deliveries.c.queue == queue, deliveries.c.priority == priority
        )
        for queue in QUEUES for priority in PRIORITIES
    ]
    in_hand = sa.select(sa.func.min(deliveries.c.due_at)).where(deliveries.c.batch_id.is_not(None), deliveries.c.state == "waiting")
    return sa.select(sa.func.min(sa.union_all(*free, in_hand).subquery("earliest").c.due_at))


_EARLIEST = _earliest()


COUNTED = 10_000
"""Of each queue and priority as many due rows are counted: nobody needs to know how many more there are before they are done."""


def waiting_by_queue(connection: sa.Connection, *, now: datetime) -> Mapping[str, int]:
    """How many rows are due now and in nobody's hand; of a backlog as many as are counted."""
    found = connection.execute(_WAITING, {"now": now, "most": COUNTED})
    return {row[0]: row[1] for row in found if row[1]}


def _waiting() -> sa.CompoundSelect[Any]:
    return sa.union_all(*(sa.select(sa.literal_column(f"'{queue}'"), sa.func.count()).select_from(_due_of(queue)) for queue in QUEUES))


def _due_of(queue: str) -> sa.FromClause:
    """The rows of one look at the index a priority, each ended by its limit."""
    due = is_due(sa.bindparam("now"))
    levels = [
        sa.select(deliveries.c.id)
        .where(sa.text(WAITING_FREE), deliveries.c.queue == sa.literal_column(f"'{queue}'"), deliveries.c.priority == priority, *due)
        .limit(_MOST).subquery(f"{queue}_{priority}")
        for priority in PRIORITIES
    ]
    return sa.union_all(*(sa.select(level.c.id) for level in levels)).subquery(queue)


_WAITING = _waiting()
