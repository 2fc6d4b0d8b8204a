"""Everything at once, on both databases: workers, exits, operators and the sweep never wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engage.delivery.ports import LeaseLost
from engage.model.delivery import DeliveryState
from engage.model.run import RunState
from engage.store.database import Database
from tests.builders import NOON
from tests.contract.store_benches import MINUTE, Bench, at_once, settled

ROUNDS = 4


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def send(bench: Bench) -> None:
    """A worker: what it holds and what it sends."""
    taken = bench.claim(limit=6)
    if taken is None:
        return
    ids = taken.delivery_ids
    try:
        bench.hand_off(taken, *ids[: len(ids) // 2])
        held = [settled(id_, DeliveryState.WAITING, due_at=NOON + MINUTE, hold="paused") for id_ in ids[len(ids) // 2 :]]
        bench.deliveries.settle(taken, [*held, *(settled(id_) for id_ in ids[: len(ids) // 2])])
        bench.deliveries.release(taken)
    except LeaseLost:
        pass


def die(bench: Bench) -> None:
    """A worker that is killed while it sends."""
    taken = bench.claim(limit=4)
    if taken is not None:
        bench.hand_off(taken, taken.delivery_ids[0])
        bench.deliveries.take_in_hand(taken, taken.delivery_ids[0])
        bench.deliveries.renew(taken, by=-MINUTE)


def leave(bench: Bench) -> None:
    """A reopened ticket ends a run of each contact."""
    for contact_id in range(1, 25, 4):
        with bench.planning.transaction() as tx:
            for held in tx.runs_of_contact(contact_id):
                tx.save_runs([replace(held.run, state=RunState.EXITED)])
                tx.recall_deliveries([held.run.id], now=NOON)


def act(bench: Bench) -> None:
    """Somebody pauses and resumes."""
    bench.operations.pause("campaign", "birthday", now=NOON)
    bench.operations.resume("campaign", "birthday", now=NOON)


def test_workers_exits_operators_and_sweeps_do_not_stop_each_other(bench: Bench) -> None:
    ids = bench.add_deliveries(24)
    doing: list[Callable[[Bench], object]] = [send, send, die, leave, act, lambda bench: bench.deliveries.sweep(now=NOON)]

    def work(index: int) -> None:
        for _ in range(ROUNDS):
            doing[index](bench)

    at_once(len(doing), work)
    bench.deliveries.sweep(now=NOON)
    while rest := bench.claim(now=NOON + MINUTE):
        bench.deliveries.settle(rest, [settled(id_) for id_ in rest.delivery_ids])
        bench.deliveries.release(rest)
    states = bench.states()
    assert sorted(states) == ids
    assert set(states.values()) <= {"sent", "unknown"}
    told = bench.rows("SELECT delivery_id FROM touches WHERE delivery_id IS NOT NULL")
    assert sorted(row["delivery_id"] for row in told) == ids
