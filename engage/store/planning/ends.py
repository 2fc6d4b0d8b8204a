"""Runs that end at once, a handful of statements for all of them; the planning port `Ends`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.model.history import Kind
from engage.model.run import RunState
from engage.planning.endings import AtItsEnd, Ending, Outcome
from engage.planning.positions import END
from engage.store.delivery.outcomes import HANDED_OFF, move_runs
from engage.store.schema.columns import Instant, Json
from engage.store.schema.tables import contacts, runs, touches
from engage.store.schema.traffic import run_outcomes
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

    def take_outcome(self, endings: Sequence[Ending], *, now: datetime) -> Outcome | None:
        """What a slice of messages came to, taken from those that no run was told yet, that nobody else takes; None where there is none."""
        taken = self._connection.execute(_TAKE, {"now": now}).first()
        if taken is None:
            return None
        by_mark = {_mark(ending): ending for ending in endings}
        found = raw_rows(self._connection, _GOING, {"ids": taken.run_ids})
        at_end = [AtItsEnd(run_id=run_id, ending=by_mark[mark]) for run_id, mark, is_plain in found if is_plain and mark in by_mark]
        others = [run_id for run_id, mark, is_plain in found if not (is_plain and mark in by_mark)]
        left = self._leave(taken, frozenset(row[0] for row in found))
        return Outcome(at=taken.at, outcome=taken.outcome, handed_off_at=taken.handed_off_at, at_end=at_end, others=others, left=left)

    def _leave(self, taken: Any, found: frozenset[int]) -> int:
        """Leave word for those that others hold: to wait for them, with so many held, would be to wait for each other. How many."""
        missing = [run_id for run_id in taken.run_ids if run_id not in found]
        held = self._connection.scalars(_UNDER_WAY, {"ids": missing}).all() if missing else ()
        if held:
            word = {"at": taken.at, "outcome": taken.outcome, "handed_off_at": taken.handed_off_at, "run_ids": list(held)}
            self._connection.execute(sa.insert(run_outcomes), word)
        return len(held)

    def end_runs(self, run_ids: Sequence[int], *, now: datetime, told: Outcome | None = None) -> None:
        """Finish these, each with its touch; `told`: with what their message came to, where they do not say so yet."""
        self._connection.execute(_TELL, {"ids": run_ids, "now": now})
        if told is None:
            self._connection.execute(_END, {"ids": run_ids})
        else:
            self._connection.execute(_END_TOLD, {"ids": run_ids, "since": told.at, "handed_off": told.handed_off_at})

    def wake_runs(self, run_ids: Sequence[int], *, told: Outcome) -> None:
        """Make these due, with what their message came to."""
        move_runs(self._connection, run_ids, at=told.at, outcome=told.outcome, handed_off_at=told.handed_off_at)


def _mark(ending: Ending) -> str:
    return f"{ending.version}:{ending.position}:{ending.campaign}"


def _at_their_end() -> sa.Select[Any]:
    """However many runs are due that are not at their end, no more of them are looked at."""
    oldest = (
        sa.select(runs.c.id).where(runs.c.due_at <= sa.bindparam("now"), runs.c.state == _ACTIVE)
        .order_by(runs.c.due_at, runs.c.id).limit(sa.bindparam("most", type_=sa.Integer)).subquery("oldest")
    )
    return (
        sa.select(runs.c.id, _MARK)
        .where(
            runs.c.id.in_(sa.select(oldest.c.id)), runs.c.due_at <= sa.bindparam("now"), runs.c.state == _ACTIVE,
            runs.c.outcome.is_not(None), runs.c.waiting_for.is_(None), among(_MARK, "marks"), _IS_THERE,
        )
        .order_by(runs.c.id).with_for_update(of=runs, skip_locked=True)
    )


_ACTIVE: sa.ColumnElement[str] = sa.literal_column(f"'{RunState.ACTIVE.value}'")
_MARK = runs.c.version + ":" + runs.c.position + ":" + runs.c.campaign
_IS_THERE = sa.exists().where(contacts.c.id == runs.c.contact_id, contacts.c.erased_at.is_(None))
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
_END_TOLD = _END.values(since=sa.bindparam("since", type_=Instant), **HANDED_OFF)
_NEXT = (
    sa.select(run_outcomes.c.id).where(run_outcomes.c.at <= sa.bindparam("now"))
    .order_by(run_outcomes.c.id).limit(1).with_for_update(skip_locked=True)
)
_TAKE = (
    sa.delete(run_outcomes).where(run_outcomes.c.id == _NEXT.scalar_subquery())
    .returning(run_outcomes.c.at, run_outcomes.c.outcome, run_outcomes.c.handed_off_at, run_outcomes.c.run_ids)
)
_GOING = (
    sa.select(runs.c.id, _MARK, sa.and_(runs.c.waiting_for.is_(None), _IS_THERE))
    .where(_THESE, runs.c.state == _ACTIVE).order_by(runs.c.id).with_for_update(of=runs, skip_locked=True)
)
"""Those that ended, or were ended, meanwhile are told nothing any more."""

_UNDER_WAY = sa.select(runs.c.id).where(_THESE, runs.c.state == _ACTIVE).order_by(runs.c.id)
