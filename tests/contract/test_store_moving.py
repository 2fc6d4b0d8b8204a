"""Moving a batch of runs on costs the same statements for many runs as for few, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.model.run import RunState
from engage.model.steps import Arm, Consenting, Emit, Fallback, Set, Split, Step, Wait, WaitFor, Winner
from engage.model.time import Duration
from engage.planning.moving import Moving
from engage.store.database import Database
from engage.store.schema.tables import contacts
from tests.builders import HERE, NOON, a_campaign, a_send, a_workspace
from tests.contract.store_benches import Bench, an_entry

HOUR = Duration(seconds=3600)
STEPS: Sequence[Step] = (
    Set(path="0", place=HERE, values={"city": "Celje"}),
    Consenting(path="1", place=HERE, purpose="care", granted=True),
    Emit(path="2", place=HERE, event="order.placed"),
    Split(
        path="3", place=HERE, arms=(Arm(weight=1, steps=(Wait(path="3.arm0.0", place=HERE, duration=HOUR),)),),
        winner=Winner(sign="clicked", after=HOUR, weight=999),
    ),
    a_send("4", channels=("email", "sms"), fallback=Fallback(after=HOUR, unless="delivered")),
    a_send("5", by_all=True),
    WaitFor(path="6", place=HERE, event="csat.answered", duration=HOUR),
)
OUTCOME = ("UPDATE deliveries SET state = 'suppressed'", "UPDATE runs SET outcome = 'suppressed', due_at = since WHERE due_at IS NULL")


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database, workspace=a_workspace(a_campaign(*STEPS)))


def statements(bench: Bench, people: int) -> list[int]:
    """How many each round takes until the runs wait for an answer."""
    bench.add_contacts(people)
    bench.enter(an_entry(campaign=bench.workspace.campaigns["birthday"], position="0"))
    counts = []
    for hours in (0, 2, 2, 2, 2):
        now = NOON + timedelta(hours=hours)
        with bench.planning.transaction() as tx, bench.counting() as made:
            moving = Moving(
                tx, workspace=lambda: bench.workspace, versions=lambda name, _: bench.workspace.campaigns[name], now=now,
            )
            assert moving.move(tx.due_runs(now=now, limit=1000)) == people
        counts.append(len(made))
        with bench.database.begin() as connection:
            for became in OUTCOME:
                connection.exec_driver_sql(became)
    return counts


def moved(bench: Bench) -> int:
    with bench.planning.transaction() as tx:
        moving = Moving(tx, workspace=lambda: bench.workspace, versions=lambda name, _: bench.workspace.campaigns[name], now=NOON)
        return moving.move(tx.due_runs(now=NOON, limit=10))


def test_a_run_that_may_write_a_contact_whom_another_holds_stays_due_and_keeps_nobody_waiting(bench: Bench) -> None:
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    first, _ = bench.add_contacts(2)
    bench.enter(an_entry(campaign=bench.workspace.campaigns["birthday"], position="0"))
    with bench.database.begin() as other:
        other.execute(sa.select(contacts.c.id).where(contacts.c.id == first).with_for_update())
        assert moved(bench) == 1
    assert moved(bench) == 1
    assert moved(bench) == 0


def test_a_batch_of_any_size_is_moved_by_as_many_statements(bench: Bench) -> None:
    few = statements(bench, 2)
    with bench.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET state = '{RunState.FINISHED.value}', due_at = NULL")
    assert statements(bench, 40) == few
    assert {row["position"] for row in bench.rows("SELECT position FROM runs WHERE state = 'active'")} == {"6"}
