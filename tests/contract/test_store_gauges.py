"""What monitoring asks of the database: right figures, read through indexes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.store.database import Database
from engage.store.installation.gauges import SqlGauges
from engage.store.schema.tables import batches, calls, campaign_states, deliveries, events, pauses, runs
from tests.builders import NOON
from tests.contract.store_benches import Bench

LATER = NOON + timedelta(minutes=10)
MANY = 300


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def write(bench: Bench, *statements: sa.Update | sa.Insert) -> None:
    with bench.database.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_nothing_to_do_is_zero_everywhere(bench: Bench) -> None:
    read = SqlGauges(bench.database).read(now=NOON)
    assert set(read.deliveries.values()) == {0}
    assert read.ages == {"transactional": 0.0, "bulk": 0.0}
    assert (read.runs.count, read.runs.age, read.events.count, read.calls.count) == (0, 0.0, 0, 0)


def test_deliveries_are_counted_by_what_they_wait_for(bench: Bench) -> None:
    due, later, held, retried, in_hand, sending, unknown = bench.add_deliveries(7)
    one = lambda id_: sa.update(deliveries).where(deliveries.c.id == id_)  # noqa: E731  # a word for the lines below
    write(
        bench, one(later).values(due_at=LATER + timedelta(days=1)), one(held).values(hold="approval", due_at=LATER + timedelta(days=7)),
        one(retried).values(due_at=NOON - timedelta(hours=5), retry_at=NOON + timedelta(days=36500)),
        one(due).values(due_at=LATER - timedelta(seconds=90)),
    )
    lease = bench.claimed(now=NOON)
    assert set(lease.delivery_ids) == {in_hand, sending, unknown}
    bench.hand_off(lease, sending)
    write(bench, one(unknown).values(state="unknown", batch_id=None))
    read = SqlGauges(bench.database).read(now=LATER)
    bulk = {state: count for (queue, state), count in read.deliveries.items() if queue == "bulk"}
    assert bulk == {"due": 2, "later": 2, "in_hand": 1, "sending": 1}
    assert read.ages["bulk"] == 90.0, "what waits for its provider makes no queue old"
    assert (read.held, read.unknown, read.leases) == ({"approval": 1}, {"birthday": 1}, {"live": 1, "ended": 0})


def test_an_ended_lease_is_told_apart(bench: Bench) -> None:
    bench.add_deliveries(1)
    lease = bench.claimed()
    write(bench, sa.update(batches).where(batches.c.id == lease.id).values(lease_until=NOON - timedelta(days=36500)))
    assert SqlGauges(bench.database).read(now=NOON).leases == {"live": 0, "ended": 1}


def test_runs_events_and_calls_have_their_age(bench: Bench) -> None:
    bench.add_contacts(1)
    bench.enter()
    told = {"id": "e1", "type": "a", "at": NOON, "received_at": NOON, "data": {}, "contact_id": 1, "pending": True}
    asked = {"run_id": 1, "step": "0", "endpoint": "gifts", "data": {}, "created_at": NOON, "due_at": NOON, "state": "waiting"}
    write(bench, sa.update(runs).values(due_at=NOON), sa.insert(events).values(told), sa.insert(calls).values(asked))
    read = SqlGauges(bench.database).read(now=LATER)
    assert (read.runs.count, read.runs.age) == (1, 600.0)
    assert (read.events.count, read.events.age) == (1, 600.0)
    assert read.calls.count == 1
    assert read.calls.age > 0


def test_campaigns_tell_how_far_they_are_planned_unless_they_are_paused(bench: Bench) -> None:
    write(bench, sa.update(campaign_states).values(status="live", planned_until=NOON))
    assert SqlGauges(bench.database).read(now=LATER).planned_behind == {"birthday": 600.0}
    write(bench, sa.insert(pauses).values(scope="campaign", name="birthday", at=NOON))
    write(bench, sa.update(campaign_states).values(problem="engage.yaml:1:1: no", needs_approval=True))
    read = SqlGauges(bench.database).read(now=LATER)
    assert (read.planned_behind, read.pauses, read.refused_files, read.awaiting_approval) == ({}, {"campaign": 1}, 1, 1)


def test_what_is_done_with_is_never_read(bench: Bench) -> None:
    bench.add_deliveries(MANY)
    write(bench, sa.update(deliveries).values(state="sent"), sa.update(runs).values(state="finished", due_at=None))
    with bench.counting() as made:
        SqlGauges(bench.database).read(now=LATER)
    assert len(made) < 40
    assert not [statement for statement in made if "touches" in statement]
    if bench.database.dialect == "sqlite":
        with bench.database.engine.connect() as connection:
            steps = [step for statement in made for step in plan_of(connection, statement)]
            read_all = re.compile(r"(SCAN|SEARCH) (deliveries|runs|events|calls)\b(?!.* (INDEX ix_|INTEGER PRIMARY KEY))")
            assert [step for step in steps if read_all.search(step)] == []


def test_the_status_reads_no_delivery_or_call_that_is_done_with(bench: Bench) -> None:
    bench.add_deliveries(MANY)
    write(bench, sa.update(deliveries).values(state="sent"), sa.update(runs).values(state="finished", due_at=None))
    with bench.counting() as made:
        status = bench.operations.status(now=LATER)
    assert (status["queues"], status["held"]) == ({}, {})
    assert (status["sending"], status["unknown"], status["retrying"], status["calls"]) == (0, 0, 0, 0)
    if bench.database.dialect == "sqlite":
        with bench.database.engine.connect() as connection:
            steps = [step for statement in made for step in plan_of(connection, statement)]
        assert [step for step in steps if re.search(r"(SCAN|SEARCH) (deliveries|calls)\b(?!.* INDEX ix_)", step)] == []


def plan_of(connection: sa.Connection, statement: str) -> list[str]:
    """How SQLite would go about it."""
    return [line[3] for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (0,) * statement.count("?")).all()]
