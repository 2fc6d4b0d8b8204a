"""Runs under way are counted by what keeps them so, and what is over is not looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.store.database import Database
from engage.store.planning.open_runs import active_by_campaign, counted_by
from engage.store.schema.conditions import CALL_WAITING
from engage.store.schema.tables import runs
from engage.store.schema.traffic import run_outcomes
from tests.builders import NOON
from tests.contract.store_benches import Bench, settled


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def active(bench: Bench) -> int:
    with bench.database.read() as connection:
        return sum(active_by_campaign(connection).values())


def test_a_run_is_under_way_by_its_moment_its_open_delivery_or_its_call(bench: Bench) -> None:
    bench.add_deliveries(4)  # which their runs wait for
    assert active(bench) == 4
    lease = bench.claimed(limit=2)
    bench.hand_off(lease, lease.delivery_ids[0])
    assert active(bench) == 4
    bench.deliveries.settle(lease, [settled(lease.delivery_ids[0])])
    assert active(bench) == 4, "its run is to be told"
    with bench.database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'sent'")
    assert active(bench) == 1
    with bench.database.begin() as connection:
        connection.execute(sa.delete(run_outcomes))
    assert active(bench) == 0
    with bench.database.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.id == 1).values(due_at=NOON + timedelta(days=1)))
        connection.exec_driver_sql(
            "INSERT INTO calls (run_id, step, endpoint, data, created_at, due_at, attempts, state) "
            "SELECT 2, '0', 'desk', '{}', due_at, due_at, 0, 'waiting' FROM deliveries WHERE id = 2"
        )
    assert CALL_WAITING == "state = 'waiting'"
    assert active(bench) == 2


def test_runs_that_are_over_are_not_read(bench: Bench) -> None:
    bench.add_deliveries(200)
    with bench.database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'sent', batch_id = NULL")
        connection.exec_driver_sql("UPDATE runs SET state = 'finished', due_at = NULL")
    asked = counted_by(bench.database.dialect, runs.c.campaign, runs.c.version, runs.c.position)
    with bench.database.begin() as connection:
        if bench.database.dialect == "postgresql":  # so few, of which it knows nothing yet, are read at once rather than by any index
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        text = str(asked.compile(bench.database.engine, compile_kwargs={"literal_binds": True}))
        prefix = "EXPLAIN QUERY PLAN" if bench.database.dialect == "sqlite" else "EXPLAIN"
        plan = " | ".join(str(row[-1]) for row in connection.exec_driver_sql(f"{prefix} {text}"))
    for index in ("ix_runs_due", "ix_deliveries_waiting", "ix_deliveries_sending", "ix_calls_due"):
        assert index in plan, plan
    assert "SCAN runs" not in plan.replace("SCAN runs USING COVERING INDEX ix_runs_due", ""), plan
    assert "Seq Scan" not in plan.replace("Seq Scan on run_outcomes", ""), plan  # of which there are a few at most
