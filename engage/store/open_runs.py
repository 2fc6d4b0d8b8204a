"""Runs under way, found by what keeps them so: a moment at which they are due, an open delivery, a call to be made.

Each has an index over what is open alone, so that no run that is over is read, however many there are. An active run has one of them
always: whatever ends a delivery or a call makes its run due in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engage.model.run import RunState
from engage.store.conditions import CALL_WAITING
from engage.store.tables import calls, deliveries, runs


def active_by(*columns: sa.Column[Any]) -> sa.Select[Any]:
    """How many active runs there are by these columns of `runs`, in their order."""
    asked = sa.select(*columns, sa.func.count()).join(_OPEN, _OPEN.c.id == runs.c.id)
    return asked.where(runs.c.state == RunState.ACTIVE.value).group_by(*columns).order_by(*columns)


def active_by_campaign(connection: sa.Connection) -> Mapping[str, int]:
    """Those of each campaign that has any."""
    return {row[0]: row[1] for row in connection.execute(_BY_CAMPAIGN)}


_OPEN = sa.union(
    sa.select(runs.c.id).where(sa.text("due_at IS NOT NULL")),
    *(sa.select(deliveries.c.run_id).where(deliveries.c.state == sa.literal_column(f"'{state}'")) for state in ("waiting", "sending")),
    sa.select(calls.c.run_id).where(sa.text(CALL_WAITING)),
).subquery("open")
_BY_CAMPAIGN = active_by(runs.c.campaign)
