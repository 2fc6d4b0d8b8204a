"""Runs under the same key, when two contacts are one: the one goes on, the other ends, and what it was to send is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engage.contacts.merging import MERGED, losers
from engage.model.history import Kind, Touch
from engage.model.run import Run, RunState
from engage.store.people.merge_records import Columns, columns_of, row_of
from engage.store.rows.rows import Row, add_touches, run_of
from engage.store.schema.tables import deliveries, runs

PUT_OFF = ("due_at", "retry_at", "hold")
"""Of a delivery that is recalled."""


def end_losers(connection: sa.Connection, *contact_ids: int, now: datetime) -> tuple[list[Columns], list[Columns]]:
    """End the runs that go on no more, and free their keys; they and their waiting deliveries, as they were."""
    asked = sa.select(runs).where(runs.c.contact_id.in_(contact_ids)).order_by(runs.c.id).with_for_update()
    rows = {row["id"]: row for row in connection.execute(asked).mappings()}
    lost = losers([run_of(row) for row in rows.values()])
    for run in lost:
        ended = {"state": RunState.EXITED.value, "due_at": None, "waiting_for": None} if run.state is RunState.ACTIVE else {}
        connection.execute(sa.update(runs).where(runs.c.id == run.id).values(key=freed(run), **ended))
    add_touches(connection, [_exited(run, now) for run in lost if run.state is RunState.ACTIVE])
    waiting = _waiting(connection, [run.id for run in lost])
    if waiting:
        due = sa.update(deliveries).where(deliveries.c.id.in_([row["id"] for row in waiting]))
        connection.execute(due.values(due_at=now, retry_at=None, hold=None))  # the decision cancels them, as their run has ended
    return [columns_of(rows[run.id]) for run in lost], [columns_of(row) for row in waiting]


def begin_again(connection: sa.Connection, ended: Sequence[Columns], recalled: Sequence[Columns]) -> None:
    """Give the runs back their keys; those whose deliveries nobody has looked at since go on as they were."""
    for columns in ended:
        mine = [each for each in recalled if each["run_id"] == columns["id"]]
        waiting = {row["id"] for row in _waiting(connection, [columns["id"]])}
        known = row_of(runs, columns)
        if all(each["id"] in waiting for each in mine):
            names: tuple[str, ...] = ("key", "state", "due_at", "waiting_for")
            for each in mine:
                before = row_of(deliveries, each)
                connection.execute(
                    sa.update(deliveries).where(deliveries.c.id == each["id"]).values({name: before[name] for name in PUT_OFF})
                )
        else:
            names = ("key",)
        connection.execute(sa.update(runs).where(runs.c.id == columns["id"]).values({name: known[name] for name in names}))


def freed(run: Run) -> str:
    """The key of a run that goes on no more, as that of one that was returned."""
    return f"{run.key}#{run.id}"


def _waiting(connection: sa.Connection, run_ids: Sequence[int]) -> Sequence[Row]:
    columns = (deliveries.c.id, deliveries.c.run_id, *(deliveries.c[name] for name in PUT_OFF))
    asked = sa.select(*columns).where(deliveries.c.run_id.in_(run_ids), deliveries.c.state == "waiting").order_by(deliveries.c.id)
    return connection.execute(asked).mappings().all() if run_ids else []


def _exited(run: Run, now: datetime) -> Touch:
    return Touch(
        at=now, contact_id=run.contact_id, kind=Kind.EXITED, reason=MERGED, campaign=run.campaign, version=run.version, run_id=run.id,
    )
