"""Runs under way, found by what keeps them so: a moment at which they are due, an open delivery, a call to be made, an outcome to be told.

Each has an index over what is open alone, so that no run that is over is read, however many there are. An active run has one of them
always: whatever ends a delivery or a call makes its run due, or leaves word for it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engage.model.run import RunState
from engage.store.schema.conditions import CALL_WAITING
from engage.store.schema.tables import calls, deliveries, runs
from engage.store.sql.listings import Awaited


def active_by(connection: sa.Connection, *columns: sa.Column[Any]) -> Sequence[Any]:
    """How many active runs there are by these columns of `runs`, in their order: rows of those and the count."""
    return connection.execute(counted_by(connection.dialect.name, *columns)).all()


def active_by_campaign(connection: sa.Connection) -> Mapping[str, int]:
    """Those of each campaign that has any."""
    return {row[0]: row[1] for row in active_by(connection, runs.c.campaign)}


def counted_by(dialect: str, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """The statement. PostgreSQL is made to look each run up, by LIMIT: it would sooner read the whole table to join it."""
    run = sa.select(*columns).where(runs.c.id == _OPEN.c.id, runs.c.state == RunState.ACTIVE.value)
    if dialect == "sqlite":
        return run.add_columns(sa.func.count()).group_by(*columns).order_by(*columns)
    one = run.limit(1).lateral("run")
    return sa.select(*one.c, sa.func.count()).select_from(_OPEN.join(one, sa.true())).group_by(*one.c).order_by(*one.c)


_OPEN = sa.union(
    sa.select(runs.c.id).where(sa.text("due_at IS NOT NULL")),
    *(sa.select(deliveries.c.run_id).where(deliveries.c.state == sa.literal_column(f"'{state}'")) for state in ("waiting", "sending")),
    sa.select(calls.c.run_id).where(sa.text(CALL_WAITING)),
    sa.select(runs.c.id).where(Awaited(runs.c.id)),
).subquery("open")
