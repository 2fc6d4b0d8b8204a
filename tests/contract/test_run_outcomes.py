"""What a slice of messages came to is one row until the planner has told it to their runs, on both databases: nothing is lost between."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engage.model.run import RunState
from engage.store.database import Database
from engage.store.schema.tables import runs
from engage.store.schema.traffic import run_outcomes
from tests.builders import NOON
from tests.contract.store_benches import Bench, settled


@pytest.fixture
def bench(database: Database) -> Bench:
    """Three messages went out together; each run's number is its delivery's."""
    made = Bench(database=database)
    ids = made.add_deliveries(3)
    lease = made.claimed()
    made.hand_off(lease, *ids)
    made.deliveries.settle(lease, [settled(each) for each in ids])
    return made


def waiting(bench: Bench) -> list[list[int]]:
    with bench.database.read() as connection:
        return list(connection.scalars(sa.select(run_outcomes.c.run_ids).order_by(run_outcomes.c.id)))


def outcomes(bench: Bench) -> list[str | None]:
    with bench.database.read() as connection:
        return list(connection.scalars(sa.select(runs.c.outcome).order_by(runs.c.id)))


def test_a_slice_leaves_one_row_and_writes_no_run(bench: Bench) -> None:
    assert waiting(bench) == [[1, 2, 3]]
    assert outcomes(bench) == [None, None, None]


def test_it_is_work_that_is_due_to_whoever_asks(bench: Bench) -> None:
    assert bench.planning.due(now=NOON).runs
    assert bench.planning.next_due(after=NOON) == NOON
    assert bench.operations.work_left(now=NOON) == 1
    with bench.planning.transaction() as tx:
        assert tx.take_outcome((), now=NOON) is not None
    assert not bench.planning.due(now=NOON).runs
    assert bench.operations.work_left(now=NOON) == 0


def test_a_planner_that_dies_over_it_has_told_nothing(bench: Bench) -> None:
    def die() -> None:
        with bench.planning.transaction() as tx:
            told = tx.take_outcome((), now=NOON)
            assert told is not None
            tx.wake_runs(told.others, told=told)
            raise KeyError("killed")

    with pytest.raises(KeyError):
        die()
    assert waiting(bench) == [[1, 2, 3]]
    assert outcomes(bench) == [None, None, None]


def test_a_run_that_ended_meanwhile_is_told_nothing(bench: Bench) -> None:
    with bench.database.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.id == 2).values(state=RunState.EXITED.value))
    with bench.planning.transaction() as tx:
        told = tx.take_outcome((), now=NOON)
        assert told is not None
        assert (told.others, told.left) == ([1, 3], 0)
        tx.wake_runs(told.others, told=told)
    assert outcomes(bench) == ["sent", None, "sent"]
    assert waiting(bench) == []


def test_two_planners_at_once_do_not_wait_for_each_other_and_whoever_is_held_is_told_later(bench: Bench) -> None:
    if bench.database.dialect == "sqlite":
        pytest.skip("SQLite lets nobody else write meanwhile")
    with bench.database.begin() as other:
        other.execute(sa.select(runs.c.id).where(runs.c.id == 2).with_for_update())
        with bench.planning.transaction() as tx:
            told = tx.take_outcome((), now=NOON)
            assert told is not None
            assert (told.others, told.left) == ([1, 3], 1)
            tx.wake_runs(told.others, told=told)
        assert waiting(bench) == [[2]]
    with bench.planning.transaction() as tx:
        told = tx.take_outcome((), now=NOON)
        assert told is not None
        tx.wake_runs(told.others, told=told)
    assert outcomes(bench) == ["sent", "sent", "sent"]
    assert waiting(bench) == []


def test_what_one_planner_has_in_hand_another_passes_over(bench: Bench) -> None:
    if bench.database.dialect == "sqlite":
        pytest.skip("SQLite lets nobody else write meanwhile")
    with bench.planning.transaction() as first:
        assert first.take_outcome((), now=NOON) is not None
        with bench.planning.transaction() as second:
            assert second.take_outcome((), now=NOON) is None
