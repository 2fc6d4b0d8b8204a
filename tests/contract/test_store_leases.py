"""Leases over deliveries, on both databases: nobody shares a row, and nobody writes after its lease has ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.delivery.ports import LeaseLost
from engage.model.delivery import DeliveryState
from engage.store.database import Database
from engage.store.delivery import queues
from engage.store.schema.tables import deliveries
from engage.store.sql.clock import MachineNow
from tests.builders import NOON
from tests.contract.store_benches import MINUTE, Bench, at_once, settled

ENDED = timedelta(seconds=-1)


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def test_ten_threads_that_claim_at_once_never_share_a_row(bench: Bench) -> None:
    ids = bench.add_deliveries(100)
    leases = at_once(10, lambda _: bench.claim(limit=10))
    taken = [delivery_id for lease in leases if lease is not None for delivery_id in lease.delivery_ids]
    assert sorted(taken) == ids


def test_threads_that_take_a_backlog_in_turns_have_each_row_once_and_forget_none(bench: Bench) -> None:
    ids = bench.add_deliveries(300)

    def drain(_: int) -> list[int]:
        taken: list[int] = []
        while (lease := bench.claim(limit=7)) is not None:
            done, back = lease.delivery_ids[:4], lease.delivery_ids[4:]
            bench.hand_off(lease, *done)
            bench.deliveries.settle(lease, [settled(each) for each in done])
            taken += done
            (bench.deliveries.release if len(back) % 2 else bench.deliveries.give_back)(lease)
            bench.deliveries.release(lease)
        return taken

    assert sorted(each for taken in at_once(6, drain) for each in taken) == ids
    assert bench.ids("SELECT count(*) AS n FROM batches") == [0]


def test_to_claim_is_to_write_one_row_however_many_are_taken(bench: Bench) -> None:
    bench.add_deliveries(500)
    with bench.counting() as statements:
        bench.claimed(limit=500)
    assert [statement for statement in statements if "UPDATE" in statement] == []
    assert len([statement for statement in statements if "INSERT INTO batches" in statement]) == 1
    assert len(statements) <= 2, "on PostgreSQL it waits for its turn first"


def test_one_that_is_put_back_can_be_claimed_while_its_batch_goes_on(bench: Bench) -> None:
    back, other = bench.add_deliveries(2)
    lease = bench.claimed()
    bench.deliveries.settle(lease, [settled(back, DeliveryState.WAITING, due_at=NOON)])
    assert bench.claimed().delivery_ids == (back,)
    assert bench.cleared(lease, back, other) == [other]


def test_what_was_given_back_is_not_cleared_by_the_lease_that_had_it(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.deliveries.give_back(lease)
    assert bench.cleared(lease, delivery_id) == []
    bench.deliveries.settle(lease, [settled(delivery_id)])
    assert bench.states() == {delivery_id: "waiting"}


def test_the_higher_priority_is_claimed_first_and_then_the_older(bench: Bench) -> None:
    (late,) = bench.add_deliveries(1, due_at=NOON - MINUTE)
    (early,) = bench.add_deliveries(1, due_at=NOON - 2 * MINUTE)
    (urgent,) = bench.add_deliveries(1, priority=9)
    assert bench.claimed().delivery_ids == (urgent, early, late)


def test_what_is_not_due_or_of_another_queue_is_not_claimed(bench: Bench) -> None:
    bench.add_deliveries(1, due_at=NOON + MINUTE)
    bench.add_deliveries(1, queue="transactional")
    assert bench.claim() is None
    assert bench.deliveries.waiting(now=NOON) == {"transactional": 1}


def test_a_retry_is_not_claimed_before_its_machine_time(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    waiting = settled(delivery_id, DeliveryState.WAITING, due_at=NOON, retry_in=3600.0, attempt=True)
    bench.deliveries.settle(bench.claimed(), [waiting])
    assert bench.claim() is None
    assert bench.rows("SELECT attempts FROM deliveries")[0]["attempts"] == 1


def test_a_worker_that_wakes_up_after_its_lease_was_swept_writes_nothing(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed(lease=ENDED)
    bench.deliveries.sweep(now=NOON)
    with pytest.raises(LeaseLost):
        bench.deliveries.settle(lease, [settled(delivery_id)])
    with pytest.raises(LeaseLost), bench.deliveries.clearing(lease, [delivery_id], now=NOON):
        pass
    with pytest.raises(LeaseLost):
        bench.deliveries.renew(lease, by=MINUTE)
    with pytest.raises(LeaseLost):
        bench.deliveries.take_in_hand(lease, delivery_id)
    assert bench.states() == {delivery_id: "waiting"}
    assert bench.kinds() == []


def test_nothing_is_cleared_once_the_lease_has_run_out_though_nobody_swept_it(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed(lease=ENDED)
    with pytest.raises(LeaseLost), bench.deliveries.clearing(lease, [delivery_id], now=NOON):
        pass


def test_a_renewed_lease_is_not_swept(bench: Bench) -> None:
    bench.add_deliveries(1)
    lease = bench.claimed(lease=ENDED)
    bench.deliveries.renew(lease, by=MINUTE)
    assert bench.deliveries.sweep(now=NOON) == 0


def test_a_released_batch_gives_its_waiting_rows_back_without_guilt(bench: Bench) -> None:
    ids = bench.add_deliveries(3)
    lease = bench.claimed()
    bench.deliveries.settle(lease, [settled(ids[0])])
    bench.deliveries.release(lease)
    bench.deliveries.release(lease)
    again = bench.claimed()
    assert again.delivery_ids == (ids[1], ids[2])
    assert not again.careful


def test_rows_that_are_given_back_are_others_while_the_lease_holds_those_in_sending(bench: Bench) -> None:
    sending, waiting = bench.add_deliveries(2)
    lease = bench.claimed()
    bench.hand_off(lease, sending)
    bench.deliveries.give_back(lease)
    assert bench.claimed().delivery_ids == (waiting,)
    bench.deliveries.settle(lease, [settled(sending)])
    assert bench.states() == {sending: "sent", waiting: "waiting"}
    bench.deliveries.give_back(lease)


def test_what_was_in_sending_when_its_batch_was_released_is_left_to_the_sweep(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    bench.deliveries.release(lease)
    assert bench.deliveries.sweep(now=NOON) == 1
    assert bench.states() == {delivery_id: "unknown"}


def test_the_leases_of_an_owner_that_is_gone_end_at_once_and_those_of_others_go_on(bench: Bench) -> None:
    gone, waiting, alive = bench.add_deliveries(3)
    dead = bench.claimed(limit=2, owner="dead")
    bench.hand_off(dead, gone)
    lease = bench.claimed(owner="alive")
    assert bench.deliveries.owners() == {"dead", "alive"}
    bench.deliveries.end_leases({"dead"})
    assert bench.deliveries.sweep(now=NOON) == 2
    assert bench.deliveries.owners() == {"alive"}
    assert bench.states() == {gone: "unknown", waiting: "waiting", alive: "waiting"}
    bench.deliveries.settle(lease, [settled(alive)])
    with pytest.raises(LeaseLost):
        bench.deliveries.settle(dead, [settled(waiting)])


def plan_of_claim(bench: Bench) -> str:
    """How the database finds what is due."""
    with bench.database.begin() as connection:
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:
            connection.exec_driver_sql("ANALYZE deliveries")
        asked = queues.due(connection.dialect.name)
        seen: list[tuple[str, object]] = []

        def note(*arguments: Any) -> None:
            seen.append((arguments[2], arguments[3]))

        sa.event.listen(bench.database.engine, "before_cursor_execute", note)
        connection.execute(asked, {"of": "bulk", "now": NOON, "most": 10}).all()
        sa.event.remove(bench.database.engine, "before_cursor_execute", note)
        statement, given = seen[-1]
        explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)" if postgresql else "EXPLAIN QUERY PLAN"
        return "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(f"{explain} {statement}", given))


def read(plan: str) -> int:
    """How many rows PostgreSQL took out of indexes."""
    return sum(int(rows) for line in plan.splitlines() if "Index" in line for rows in re.findall(r"actual rows=(\d+)", line))


def test_a_backlog_is_read_by_its_index_as_far_as_is_taken(bench: Bench) -> None:
    bench.add_deliveries(1000)
    plan = plan_of_claim(bench)
    assert "ix_deliveries_due" in plan
    assert not re.search("Seq Scan on deliveries|SCAN deliveries", plan)
    assert read(plan) <= 10, "of a thousand that are due, it read what it took"


def test_what_waits_for_its_provider_is_not_even_looked_at_before_its_time_and_found_then(bench: Bench) -> None:
    ids = bench.add_deliveries(1000)
    lease = bench.claimed(limit=1000)
    bench.deliveries.settle(lease, [settled(id_, DeliveryState.WAITING, due_at=NOON, retry_in=3600.0) for id_ in ids])
    bench.deliveries.release(lease)
    plan = plan_of_claim(bench)
    assert re.search(r"ix_deliveries_again.*(retry_at<\?|\n.*retry_at <= )", plan)
    assert read(plan) == 0
    assert bench.claim() is None
    with bench.database.begin() as connection:
        connection.execute(sa.update(deliveries).values(retry_at=MachineNow(-1.0)))
    assert bench.claimed(limit=3).delivery_ids == tuple(ids[:3])


def test_of_a_backlog_no_more_is_counted_than_anybody_needs_to_know(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "COUNTED", 3)
    bench.add_deliveries(5)
    assert bench.deliveries.waiting(now=NOON) == {"bulk": 3}
