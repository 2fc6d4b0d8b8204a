"""The outbox of calls, on both databases: made once, in one hand at a time, and final with the run that waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.calling import Answered, DueCall, GaveUp, TryAgain
from engage.model.run import RunState
from engage.planning.requests import NewCall
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from engage.store.schema.tables import calls
from tests.builders import NOON
from tests.contract.store_benches import MINUTE, Bench, an_entry, at_once


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def asked(bench: Bench, *, number: int = 1) -> list[int]:
    """So many runs, each waiting for its call."""
    contact_ids = bench.add_contacts(number)
    with bench.planning.transaction() as tx:
        for contact_id in contact_ids:
            tx.enter_one(an_entry(), contact_id)
        held = tx.due_runs(now=NOON, limit=number)
        tx.save_runs([replace(each.run, due_at=None, variables={"earlier": 1}) for each in held])
        for _ in range(2):  # made once, however often it is asked for
            tx.add_calls([
                NewCall(
                    run_id=each.run.id, step="gift", contact_id=each.run.contact_id, endpoint="gifts", data={"who": "c1"}, created_at=NOON,
                )
                for each in held
            ])
    return [each.run.id for each in held]


def claim(bench: Bench, *, lease: timedelta = MINUTE, limit: int = 100) -> list[DueCall]:
    return list(SqlCalls(bench.database).claim(limit=limit, lease=lease))


def run_of(bench: Bench) -> dict[str, object]:
    (row,) = bench.rows("SELECT state, outcome, due_at IS NOT NULL AS due FROM runs")
    return dict(row)


def variables(bench: Bench) -> object:
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
        return held.run.variables


def test_a_call_is_in_one_hand_until_its_lease_ends(bench: Bench) -> None:
    asked(bench, number=8)
    taken = at_once(4, lambda _: claim(bench, limit=3))
    assert sorted(call.id for batch in taken for call in batch) == list(range(1, 9))
    assert claim(bench) == []


def test_a_call_whose_hand_crashed_is_taken_again_and_the_first_hand_can_write_nothing(bench: Bench) -> None:
    asked(bench)
    (first,) = claim(bench, lease=-MINUTE)
    (second,) = claim(bench)
    assert (first.attempt, second.attempt) == (1, 2)
    SqlCalls(bench.database).settle(first, Answered(answer={"code": "OLD"}), now=NOON)
    assert run_of(bench)["outcome"] is None
    SqlCalls(bench.database).settle(second, Answered(answer={"code": "NEW"}), now=NOON)
    assert variables(bench) == {"earlier": 1, "call:gift": {"code": "NEW"}}


def test_an_answer_makes_the_run_due_and_nothing_of_what_was_said_is_kept(bench: Bench) -> None:
    asked(bench)
    (call,) = claim(bench)
    assert call.data == {"who": "c1"}
    SqlCalls(bench.database).settle(call, Answered(answer=[1, None, "x"]), now=NOON)
    assert run_of(bench) == {"state": "active", "outcome": "answered", "due": True}
    assert variables(bench) == {"earlier": 1, "call:gift": [1, None, "x"]}
    with bench.database.read() as connection:
        assert connection.execute(sa.select(calls.c.state, calls.c.data)).one() == ("answered", {})


def test_a_call_that_failed_for_good_says_so_in_the_history_and_the_run_goes_on_with_none(bench: Bench) -> None:
    (run_id,) = asked(bench)
    (call,) = claim(bench)
    SqlCalls(bench.database).settle(call, GaveUp(code="422"), now=NOON)
    assert variables(bench) == {"earlier": 1, "call:gift": None}
    told = bench.rows("SELECT kind, reason, run_id, step, message FROM touches WHERE kind = 'failed'")
    assert told == [{"kind": "failed", "reason": "call", "run_id": run_id, "step": "gift", "message": None}]


def test_a_call_that_is_put_off_comes_again(bench: Bench) -> None:
    asked(bench)
    (call,) = claim(bench)
    SqlCalls(bench.database).settle(call, TryAgain(after=3600), now=NOON)
    assert claim(bench) == []
    SqlCalls(bench.database).settle(call, TryAgain(after=-1), now=NOON)
    assert [each.attempt for each in claim(bench)] == [2]


@pytest.mark.parametrize(("scope", "name"), [("all", ""), ("campaign", "birthday")])
def test_what_is_paused_calls_nobody(bench: Bench, scope: str, name: str) -> None:
    asked(bench)
    bench.operations.pause(scope, name, now=NOON)
    assert claim(bench) == []
    assert (bench.operations.status(now=NOON)["calls"], bench.operations.work_left(now=NOON)) == (1, 0)
    bench.operations.resume(scope, name, now=NOON)
    assert SqlCalls(bench.database).due() == bench.operations.work_left(now=NOON) == 1
    assert len(claim(bench)) == 1


def test_the_call_of_a_run_that_ended_is_not_made(bench: Bench) -> None:
    asked(bench)
    with bench.planning.transaction() as tx:
        (held,) = tx.runs_of_contact(1)
        tx.save_runs([replace(held.run, state=RunState.EXITED)])
    assert claim(bench) == []
    assert bench.rows("SELECT state FROM calls") == [{"state": "cancelled"}]
