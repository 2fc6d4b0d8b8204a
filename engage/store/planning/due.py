"""What is due at a moment, in one query of EXISTS: a clock that jumps asks it all the time, and mostly little is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from engage.model.run import RunState
from engage.model.workspace import QUEUES
from engage.planning.due import Due
from engage.store.delivery.queues import PRIORITIES, due_rows
from engage.store.schema.conditions import PENDING
from engage.store.schema.tables import contacts, deliveries, events, runs
from engage.store.schema.traffic import run_outcomes


def due(connection: sa.Connection, *, now: datetime) -> Due:
    """What is due now; what other processes have in hand is not told apart."""
    row = connection.execute(_DUE, {"now": now}).mappings().one()
    queues = tuple(queue for queue in QUEUES if row[queue])
    return Due(runs=row["runs"], events=row["events"], people=row["people"], queues=queues)


def _asked() -> Iterator[sa.ColumnElement[bool]]:
    now: sa.BindParameter[datetime] = sa.bindparam("now")
    moves = sa.exists().where(runs.c.due_at <= now, runs.c.state == RunState.ACTIVE.value)
    yield sa.or_(moves, sa.exists().where(run_outcomes.c.at <= now)).label("runs")
    yield sa.exists().where(sa.text(PENDING)).select_from(events).label("events")
    yield sa.exists().where(contacts.c.written_at >= now).label("people")
    for queue in QUEUES:
        here = (deliveries.c.queue == queue, deliveries.c.priority.in_(PRIORITIES))
        either = [sa.exists().where(*due, *here).select_from(deliveries) for due in due_rows(now)]
        yield sa.or_(*either).label(queue)


_DUE = sa.select(*_asked())
