"""Runs that end at once, a handful of statements for all of them; the planning port `Ends`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.model.history import Kind
from engage.model.run import RunState
from engage.planning.endings import AtItsEnd, Ending
from engage.planning.positions import END
from engage.store.schema.columns import Instant, Json
from engage.store.schema.tables import contacts, runs, touches
from engage.store.session import Session
from engage.store.sql.lists import among
from engage.store.sql.raw import raw_rows


class SqlEnds(Session):
    """Who is at the end, in one transaction."""

    def runs_at_their_end(self, endings: Sequence[Ending], *, now: datetime, limit: int) -> Sequence[AtItsEnd]:
        """Those of the oldest `limit` due runs that are at one of these, and of people who are there; locked, none that others hold."""
        by_mark = {_mark(ending): ending for ending in endings}
        found = raw_rows(self._connection, _AT_THEIR_END, {"now": now, "most": limit, "marks": by_mark})
        return [AtItsEnd(run_id=run_id, ending=by_mark[mark]) for run_id, mark in found]

    def end_runs(self, run_ids: Sequence[int], *, now: datetime) -> None:
        """Finish these, each with its touch."""
        self._connection.execute(_TELL, {"ids": run_ids, "now": now})
        self._connection.execute(_END, {"ids": run_ids})


def _mark(ending: Ending) -> str:
    return f"{ending.version}:{ending.position}:{ending.campaign}"


def _at_their_end() -> sa.Select[Any]:
    """However many runs are due that are not at their end, no more of them are looked at."""
    oldest = (
        sa.select(runs.c.id).where(runs.c.due_at <= sa.bindparam("now"), runs.c.state == _ACTIVE)
        .order_by(runs.c.due_at, runs.c.id).limit(sa.bindparam("most", type_=sa.Integer)).subquery("oldest")
    )
    mark = runs.c.version + ":" + runs.c.position + ":" + runs.c.campaign
    is_there = sa.exists().where(contacts.c.id == runs.c.contact_id, contacts.c.erased_at.is_(None))
    return (
        sa.select(runs.c.id, mark)
        .where(
            runs.c.id.in_(sa.select(oldest.c.id)), runs.c.due_at <= sa.bindparam("now"), runs.c.state == _ACTIVE,
            runs.c.outcome.is_not(None), runs.c.waiting_for.is_(None), among(mark, "marks"), is_there,
        )
        .order_by(runs.c.id).with_for_update(of=runs, skip_locked=True)
    )


_ACTIVE: sa.ColumnElement[str] = sa.literal_column(f"'{RunState.ACTIVE.value}'")
_AT_THEIR_END = _at_their_end()
_THESE = among(runs.c.id, "ids")
_TOLD = ("at", "contact_id", "kind", "campaign", "version", "run_id", "detail")
_TELL = sa.insert(touches).from_select(
    _TOLD,
    sa.select(
        sa.bindparam("now", type_=Instant), runs.c.contact_id, sa.literal_column(f"'{Kind.FINISHED.value}'"), runs.c.campaign,
        runs.c.version, runs.c.id, sa.literal({}, Json),
    ).where(_THESE).order_by(runs.c.id),
)
_END = (
    sa.update(runs).where(_THESE)
    .values(state=RunState.FINISHED.value, position=END, due_at=sa.null(), outcome=sa.null(), part=0)
)
