"""The outbox of calls to endpoints: a run makes the row and waits for its answer. The port `engage.delivery.calling.Calls`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never, final

import sqlalchemy as sa

from engage.delivery.calling import Answered, CallOutcome, DueCall, GaveUp, TryAgain
from engage.model.campaign import Status
from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.planning.acting import answer_key
from engage.planning.requests import NewCall
from engage.store.database import Database
from engage.store.rows.rows import Row, add_touches
from engage.store.schema.conditions import CALL_WAITING
from engage.store.schema.tables import calls, campaign_states, pauses, runs
from engage.store.session import Session
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import insert_ignoring


class CallState(StrEnum):
    """CANCELLED: the run ended before the call was made, or while nobody answered it."""

    WAITING = "waiting"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SqlCallRequests(Session):
    """Calls as runs ask for them, in the runs' own transaction."""

    def add_calls(self, calls: Sequence[NewCall]) -> None:
        """Put the calls into the outbox, due at once; one that is there already is left as it is."""
        if calls:
            rows = [
                {
                    "run_id": new.run_id, "step": new.step, "endpoint": new.endpoint, "data": dict(new.data),
                    "created_at": new.created_at,
                }
                for new in calls
            ]
            self._connection.execute(insert_ignoring(self._connection, _CALLS).values(_FRESH), rows)


@final
class SqlCalls:
    """The outbox as those who make the calls see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, limit: int, lease: timedelta) -> Sequence[DueCall]:
        """Take due calls of runs that go on and are not paused, oldest first. Those of runs that ended are cancelled."""
        with self._database.begin() as connection:
            due = _DUE.limit(limit).with_for_update(skip_locked=True, of=calls)
            rows = connection.execute(due).mappings().all()
            _cancel(connection, [row["id"] for row in rows if row["run_state"] != RunState.ACTIVE.value])
            taken = [row for row in rows if row["run_state"] == RunState.ACTIVE.value]
            if taken:
                until = {"due_at": MachineNow(lease.total_seconds()), "attempts": calls.c.attempts + 1}
                connection.execute(sa.update(calls).where(calls.c.id.in_([row["id"] for row in taken])).values(until))
        return [
            DueCall(
                id=row["id"], attempt=row["attempts"] + 1, endpoint=row["endpoint"], contact_id=row["contact_id"], data=row["data"]
            )
            for row in taken
        ]

    def settle(self, call: DueCall, outcome: CallOutcome, *, now: datetime) -> None:
        """Write what came of it, unless a later attempt has begun; with a final outcome its run is due at once."""
        with self._database.begin() as connection:
            run = connection.execute(_RUN_OF_CALL, {"call": call.id}).mappings().one_or_none()
            row = connection.execute(_IN_HAND, {"call": call.id, "attempt": call.attempt}).mappings().one_or_none()
            if row is None:
                return
            if run is None or run["state"] != RunState.ACTIVE.value:
                _cancel(connection, [call.id])
                return
            match outcome:
                case TryAgain(after=seconds):
                    connection.execute(sa.update(calls).where(calls.c.id == call.id).values(due_at=MachineNow(seconds)))
                case Answered(answer=answer):
                    _end(connection, row, run, CallState.ANSWERED, answer, now)
                case GaveUp(code=code):
                    _end(connection, row, run, CallState.FAILED, None, now)
                    add_touches(connection, [_touch_of(row, run, code, now)])
                case _ as never:
                    assert_never(never)

    def due(self) -> int:
        """How many calls might be made now."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(_DUE.order_by(None).subquery())) or 0


def _cancel(connection: sa.Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(sa.update(calls).where(calls.c.id.in_(ids)).values(state=CallState.CANCELLED.value, data={}))


def _end(connection: sa.Connection, row: Row, run: Row, state: CallState, answer: object, now: datetime) -> None:
    """The call is final, and its run goes on from now, with the outcome and the answer."""
    connection.execute(sa.update(calls).where(calls.c.id == row["id"]).values(state=state.value, data={}))
    variables = {**run["variables"], answer_key(row["step"]): answer}
    going_on = {"variables": variables, "outcome": state.value, "due_at": now, "since": now}
    connection.execute(sa.update(runs).where(runs.c.id == run["id"]).values(going_on))


def _touch_of(row: Row, run: Row, code: str, now: datetime) -> Touch:
    return Touch(
        at=now, contact_id=run["contact_id"], kind=Kind.FAILED, reason="call", campaign=run["campaign"], version=run["version"],
        run_id=run["id"], step=row["step"], detail={"endpoint": row["endpoint"], "code": code, "attempts": row["attempts"]},
    )


_CALLS = calls
_FRESH = {"due_at": MachineNow(), "attempts": 0, "state": CallState.WAITING.value}
_PAUSED = sa.or_(
    sa.exists().where(sa.or_(pauses.c.scope == "all", sa.and_(pauses.c.scope == "campaign", pauses.c.name == runs.c.campaign))),
    sa.exists().where(campaign_states.c.campaign == runs.c.campaign, campaign_states.c.status == Status.PAUSED.value),
)
TO_MAKE = sa.and_(sa.text(f"calls.{CALL_WAITING}"), sa.exists().where(runs.c.id == calls.c.run_id, ~_PAUSED))
"""Calls that are made sooner or later, unless people pause them."""

_DUE = (
    sa.select(calls, runs.c.state.label("run_state"), runs.c.contact_id)
    .join(runs, runs.c.id == calls.c.run_id)
    .where(sa.text(f"calls.{CALL_WAITING}"), calls.c.due_at <= MachineNow(), ~_PAUSED)
    .order_by(calls.c.due_at, calls.c.id)
)
_RUN_OF_CALL = (
    sa.select(runs)
    .where(runs.c.id == sa.select(calls.c.run_id).where(calls.c.id == sa.bindparam("call")).scalar_subquery())
    .with_for_update()
)
_IN_HAND = (
    sa.select(calls)
    .where(calls.c.id == sa.bindparam("call"), calls.c.attempts == sa.bindparam("attempt"), sa.text(CALL_WAITING))
    .with_for_update()
)
