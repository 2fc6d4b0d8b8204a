"""The queues of waiting deliveries, read by their index: (queue, priority, due time) of what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.model.workspace import QUEUES
from engage.store.schema.columns import Instant
from engage.store.schema.conditions import AGAIN, FRESH, SUSPECT
from engage.store.schema.tables import deliveries
from engage.store.sql.clock import MachineNow
from engage.store.sql.listings import Held, HowManyHeld
from engage.store.sql.lists import among

PRIORITIES = range(9, -1, -1)


def is_due(now: sa.ColumnElement[datetime]) -> tuple[sa.ColumnElement[bool], ...]:
    """Deliveries whose moment has come, and whose provider is not waited for."""
    return deliveries.c.due_at <= now, sa.or_(deliveries.c.retry_at.is_(None), deliveries.c.retry_at <= MachineNow())


Conditions = tuple[sa.ColumnElement[bool] | sa.TextClause, ...]


def due_rows(now: sa.ColumnElement[datetime]) -> tuple[Conditions, Conditions]:
    """The due ones among those that wait for their moment alone, and among those that wait for their provider: an index each.

    However many of them a provider keeps waiting, none is looked at before its time.
    """
    due, machine_now = deliveries.c.due_at <= now, sa.select(MachineNow()).scalar_subquery()  # by a clock that moves no index is used
    return (sa.text(FRESH), due), (sa.text(AGAIN), deliveries.c.retry_at <= machine_now, due)


# Statements are made once: a claim that finds nothing costs next to nothing.
_MOST = sa.bindparam("most", type_=sa.Integer)
_LOOKED_AT = _MOST + HowManyHeld()
"""Among so many that are due there are as many as asked for that nobody holds. So none is compared with what is held but these."""

_OF_QUEUE, _NOW = deliveries.c.queue == sa.bindparam("of"), sa.bindparam("now", type_=Instant)
_FRESH, _AGAIN = due_rows(_NOW)
SUSPECTS = (
    sa.select(deliveries.c.id)
    .where(sa.text(SUSPECT), _OF_QUEUE, *is_due(_NOW), ~Held(deliveries.c.id))
    .order_by(deliveries.c.priority.desc(), deliveries.c.due_at, deliveries.c.id)
    .limit(sa.bindparam("most_suspects", type_=sa.Integer))
)


def due(dialect: str) -> sa.Select[int]:
    """Up to `most` due rows of a queue that nobody holds, the higher priority first, then the older. Suspects are not among them.

    One index scan a priority, on PostgreSQL begun only when those before gave too few.
    """
    return _due_by_levels() if dialect == "postgresql" else _due_in_turn()


def _level(priority: Any, conditions: Conditions, *order: sa.ColumnElement[Any]) -> sa.Select[Any]:
    asked = sa.select(deliveries.c.id, deliveries.c.due_at, deliveries.c.priority)
    return asked.where(*conditions, _OF_QUEUE, deliveries.c.priority == priority, ~deliveries.c.careful).order_by(*order).limit(_LOOKED_AT)


_BY_MOMENT = (deliveries.c.due_at, deliveries.c.id)


def _due_by_levels() -> sa.Select[int]:
    """The priorities are no VALUES: a statement that holds some is compiled anew each time it is run, for 7 ms of an idle worker's look."""
    counted = sa.func.generate_series(*(sa.literal_column(str(each)) for each in (PRIORITIES[0], PRIORITIES[-1], PRIORITIES.step)))
    levels = counted.table_valued(sa.column("priority", sa.Integer), name="level").render_derived(name="level")
    found = []
    for name, conditions, order in (("fresh", _FRESH, _BY_MOMENT), ("again", _AGAIN, (deliveries.c.retry_at,))):
        rows = _level(levels.c.priority, conditions, *order).lateral(name)
        found.append(sa.select(rows).select_from(levels.join(rows, sa.true())).limit(_LOOKED_AT).subquery(f"some_{name}"))
    both = sa.union_all(*(sa.select(rows) for rows in found)).subquery("due")
    free = sa.select(both.c.id).where(~Held(both.c.id))
    return free.order_by(both.c.priority.desc(), both.c.due_at, both.c.id).limit(_MOST)


def _due_in_turn() -> sa.Select[int]:
    levels = []
    for priority in PRIORITIES:
        both = [_level(priority, _FRESH, *_BY_MOMENT).subquery("fresh"), _level(priority, _AGAIN, deliveries.c.retry_at).subquery("again")]
        rows = sa.union_all(*(sa.select(each) for each in both)).subquery("both")
        levels.append(sa.select(rows.c.id).order_by(rows.c.due_at, rows.c.id).limit(_LOOKED_AT).subquery(f"level_{priority}"))
    found = sa.union_all(*(sa.select(level.c.id) for level in levels)).subquery("due")
    return sa.select(found.c.id).where(~Held(found.c.id)).limit(_MOST)


def outranked_ids(connection: sa.Connection, ids: Sequence[int], *, mine: Sequence[int], now: datetime) -> frozenset[int]:
    """Those of the deliveries before which one that is not `mine`, due for the same contact, must go: by priority, then by age.

    What waits for people, for its provider or as a suspect makes nobody wait.
    """
    return frozenset(connection.scalars(_OUTRANKED, {"ids": list(ids), "mine": list(mine), "now": now}))


def _outranked() -> sa.Select[int]:
    mine, other = deliveries.alias("mine"), deliveries.alias("other")
    earlier = sa.tuple_(other.c.due_at, other.c.id) < sa.tuple_(mine.c.due_at, mine.c.id)
    first = sa.or_(other.c.priority > mine.c.priority, sa.and_(other.c.priority == mine.c.priority, earlier))
    due = (
        other.c.state == sa.literal_column("'waiting'"), other.c.due_at <= sa.bindparam("now"), other.c.hold.is_(None), ~other.c.careful,
        sa.or_(other.c.retry_at.is_(None), other.c.retry_at <= MachineNow()),
    )
    elsewhere = (other.c.queue == mine.c.queue, ~among(other.c.id, "mine"))
    same = other.c.contact_id == mine.c.contact_id
    return sa.select(mine.c.id).where(among(mine.c.id, "ids"), sa.exists().where(same, *elsewhere, *due, first))


_OUTRANKED = _outranked()


def earliest_delivery(connection: sa.Connection) -> datetime | None:
    """The earliest due moment of any waiting delivery, in hand or not."""
    moment: datetime | None = connection.scalar(_EARLIEST)
    return moment


def _earliest() -> sa.Select[datetime]:
    waiting = [
        sa.select(sa.func.min(deliveries.c.due_at).label("due_at")).where(
            sa.text(which), deliveries.c.queue == queue, deliveries.c.priority == priority
        )
        for queue in QUEUES for priority in PRIORITIES for which in (FRESH, AGAIN)
    ]
    return sa.select(sa.func.min(sa.union_all(*waiting).subquery("earliest").c.due_at))


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
    of_queue = deliveries.c.queue == sa.literal_column(f"'{queue}'")
    levels = [
        sa.select(deliveries.c.id).where(*due, of_queue, deliveries.c.priority == priority).limit(_MOST).subquery(f"{name}_{priority}")
        for priority in PRIORITIES for name, due in ((f"{queue}_fresh", _FRESH), (f"{queue}_again", _AGAIN))
    ]
    found = sa.union_all(*(sa.select(level.c.id) for level in levels)).subquery(f"{queue}_due")
    return sa.select(found.c.id).where(~Held(found.c.id)).subquery(queue)


_WAITING = _waiting()
