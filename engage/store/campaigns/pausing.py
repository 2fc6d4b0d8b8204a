"""Pauses: of everything, of a campaign, of a channel."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engage.store.campaigns.releases import let_go
from engage.store.schema.tables import campaign_states, pauses, touches
from engage.store.sql.inserts import dialect_insert

Scope = Literal["all", "campaign", "channel"]


def pause(connection: sa.Connection, *, scope: Scope, name: str, now: datetime, reason: str | None) -> None:
    """Pause it; a pause that is there already keeps its moment and its reason. `name` is empty for everything."""
    row = {"scope": scope, "name": name, "at": now, "reason": reason}
    connection.execute(dialect_insert(connection, pauses).values(row).on_conflict_do_nothing())


def resume(connection: sa.Connection, *, scope: Scope, name: str, now: datetime) -> bool:
    """Take the pause back and make what it held due now; False where there was none."""
    gone = connection.execute(sa.delete(pauses).where(pauses.c.scope == scope, pauses.c.name == name)).rowcount
    if gone:
        let_go(connection, now=now, hold="paused")
        _watch_from_now(connection, scope, name)
    return bool(gone)


def _watch_from_now(connection: sa.Connection, scope: Scope, campaign: str) -> None:
    """People have seen how its messages did: the guard counts afresh."""
    if scope == "campaign":
        last = sa.select(sa.func.max(touches.c.id)).scalar_subquery()
        connection.execute(sa.update(campaign_states).where(campaign_states.c.campaign == campaign).values(watched_from=last))
