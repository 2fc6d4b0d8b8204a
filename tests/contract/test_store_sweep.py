"""What a crash leaves behind, on both databases: tried again where no copy can exist, unknown where one can, given up as poison."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.delivery.ports import NOBODY, Lease, NoJournal
from engage.model.delivery import DeliveryState
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from tests.builders import NOON
from tests.contract.store_benches import Bench, at_once, settled

ENDED = timedelta(seconds=-1)


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def crash(bench: Bench, lease: Lease, *, in_hand: int | None = None) -> None:
    """The worker dies, with this row in hand."""
    if in_hand is not None:
        bench.deliveries.take_in_hand(lease, in_hand)
    bench.deliveries.renew(lease, by=ENDED)
    bench.deliveries.sweep(now=NOON)


def crash_twice(bench: Bench) -> None:
    """Two machines die over all that is due, of which nobody knows anything."""
    for _ in range(2):
        crash(bench, bench.claimed())


def test_rows_of_a_machine_that_died_go_back_as_they_are_once_and_then_into_a_careful_batch(bench: Bench) -> None:
    ids = bench.add_deliveries(3)
    crash(bench, bench.claimed())
    again = bench.claimed()
    assert (again.delivery_ids, again.careful) == (tuple(ids), False)
    crash(bench, again)
    third = bench.claimed()
    assert (third.delivery_ids, third.careful) == (tuple(ids), True)
    assert bench.kinds() == []


def test_careful_batches_are_small_and_apart_from_the_others(bench: Bench) -> None:
    suspects = bench.add_deliveries(25)
    crash_twice(bench)
    bench.add_deliveries(1)
    first = bench.claimed()
    assert first.careful
    assert len(first.delivery_ids) <= 10
    assert set(first.delivery_ids) < set(suspects)


class Held(NoJournal):
    """This machine's note of what was in hand."""

    def __init__(self) -> None:
        self.noted_as = NOBODY

    def held(self, lease_id: int) -> int | None:
        return self.noted_as


def test_only_the_row_that_this_machine_has_noted_is_blamed_and_the_others_go_on(database: Database) -> None:
    held = Held()
    bench = Bench(database=database, journal=held)
    held.noted_as, *others = bench.add_deliveries(4)
    for crashes in (1, 2):
        crash(bench, bench.claimed())
        assert [row["crashes"] for row in bench.rows("SELECT crashes FROM deliveries ORDER BY id")] == [crashes, 0, 0, 0]
        suspect = bench.claimed()
        assert (suspect.delivery_ids, suspect.careful) == ((held.noted_as,), True)
        rest = bench.claimed()
        assert (rest.delivery_ids, rest.careful) == (tuple(others), False)
        bench.deliveries.release(rest)
        bench.deliveries.release(suspect)
    crash(bench, bench.claimed())
    assert bench.states() == {held.noted_as: "failed", **dict.fromkeys(others, "waiting")}


@pytest.mark.parametrize("handed_over", [False, True])
def test_where_this_machine_noted_that_nothing_was_in_hand_nobody_is_blamed(database: Database, handed_over: bool) -> None:
    bench = Bench(database=database, journal=Held())
    ids = bench.add_deliveries(3, on_unknown="resend")
    for _ in range(2):
        lease = bench.claimed()
        if handed_over:
            bench.hand_off(lease, ids[0])
        crash(bench, lease)
        again = bench.claimed()
        assert not again.careful
        bench.deliveries.release(again)
    assert {row["crashes"] for row in bench.rows("SELECT crashes FROM deliveries")} == {0}


def test_a_row_in_sending_becomes_unknown_with_its_touch_and_its_run_goes_on(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    crash(bench, lease)
    assert bench.states() == {delivery_id: "unknown"}
    assert bench.kinds() == ["unknown"]
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
    assert (held.run.outcome, held.run.since, held.run.handed_off_at) == ("unknown", NOON, NOON)


def test_a_row_in_sending_is_resent_once_where_its_purpose_says_so(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1, on_unknown="resend")
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    crash(bench, lease)
    assert bench.states() == {delivery_id: "waiting"}
    assert [row["provider"] for row in bench.rows("SELECT provider FROM deliveries")] == [None], "any provider may be given the copy"
    again = bench.claimed()
    bench.hand_off(again, delivery_id)
    crash(bench, again)
    assert bench.states() == {delivery_id: "unknown"}
    assert bench.kinds() == ["unknown", "unknown"]


def test_a_row_that_was_in_hand_at_three_crashes_is_poison_and_the_others_go_on(bench: Bench) -> None:
    poison, other = bench.add_deliveries(2)
    crash_twice(bench)
    for _ in range(3):
        lease = bench.claimed()
        assert lease.careful
        crash(bench, lease, in_hand=poison)
    assert bench.states() == {poison: "failed", other: "waiting"}
    assert [(row["kind"], row["reason"]) for row in bench.rows("SELECT kind, reason FROM touches WHERE delivery_id IS NOT NULL")] == [
        ("failed", "poison")
    ]
    again = bench.claimed()
    assert (again.delivery_ids, again.careful) == ((other,), False)


def test_crashes_of_more_than_72_hours_ago_are_forgotten(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    crash_twice(bench)
    for _ in range(2):
        crash(bench, bench.claimed(), in_hand=delivery_id)
    old = "'2020-01-01T00:00:00.000000Z'"
    with bench.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE deliveries SET crashed_at = {old}")
    crash(bench, bench.claimed(), in_hand=delivery_id)
    assert bench.rows("SELECT state, crashes FROM deliveries") == [{"state": "waiting", "crashes": 1}]


def test_a_suspect_that_was_settled_is_a_suspect_no_more(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    crash_twice(bench)
    bench.deliveries.settle(bench.claimed(), [settled(delivery_id, DeliveryState.WAITING, due_at=NOON)])
    assert not bench.claimed().careful


def test_ten_sweepers_at_once_settle_each_row_once(bench: Bench) -> None:
    ids = bench.add_deliveries(30)
    lease = bench.claimed()
    bench.hand_off(lease, *ids)
    bench.deliveries.renew(lease, by=ENDED)
    swept = at_once(10, lambda _: bench.deliveries.sweep(now=NOON))
    assert sum(swept) == 30
    assert bench.kinds() == ["unknown"] * 30


def test_whether_a_way_knows_a_message_by_its_key_is_asked_once_a_sweep_however_many_were_being_handed_over(bench: Bench) -> None:
    asked: list[tuple[str | None, str | None]] = []

    def repeatable(channel: str | None, provider: str | None) -> bool:
        asked.append((channel, provider))
        return True

    deliveries = SqlDeliveries(bench.database, workspace=lambda: bench.workspace, versions=lambda *names: None, repeatable=repeatable)
    ids = bench.add_deliveries(4)
    for lease in (bench.claimed(limit=2), bench.claimed(limit=2)):
        bench.hand_off(lease, *lease.delivery_ids)
        bench.deliveries.renew(lease, by=ENDED)
    assert deliveries.sweep(now=NOON) == len(ids)
    assert asked == [("email", "console")]
    assert set(bench.states().values()) == {"waiting"}
