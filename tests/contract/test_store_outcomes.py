"""Outcomes, on both databases: with their touch or not at all, final once, and the run that waited goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.ports import Settlement
from engage.model.contact import ChannelKind
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.rows.kept_texts import letters_in
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import batches, deliveries, runs, touch_details, touches
from engage.store.schema.texts import kept_texts
from tests.builders import NOON
from tests.contract.store_benches import MINUTE, Bench, settled


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def test_an_outcome_is_written_with_its_touch_and_what_is_personal_apart(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    bench.deliveries.settle(lease, [settled(delivery_id)])
    assert bench.states() == {delivery_id: "sent"}
    assert bench.kinds() == ["sent"]
    with bench.database.read() as connection:
        body = connection.execute(sa.select(kept_texts.c.body)).scalar_one()
    assert letters_in(body) == {delivery_id: {"address": "somebody@example.com"}}


def test_an_outcome_whose_touch_cannot_be_written_is_not_written_either(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    unwritable = Touch(at=NOON, contact_id=1, kind=Kind.SENT, delivery_id=delivery_id, detail={"not": {"json"}})
    with pytest.raises((sa.exc.StatementError, TypeError)):
        bench.deliveries.settle(lease, [settled(delivery_id, touch=unwritable)])
    assert bench.states() == {delivery_id: "waiting"}
    assert bench.kinds() == []


def test_a_final_outcome_without_a_touch_is_refused(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    with pytest.raises(ValueError, match="with its touch"):
        bench.deliveries.settle(bench.claimed(), [settled(delivery_id, touch=None)])
    assert bench.states() == {delivery_id: "waiting"}


def test_where_one_of_a_slice_had_its_outcome_already_only_the_others_texts_are_kept(bench: Bench) -> None:
    first, second = bench.add_deliveries(2)
    lease = bench.claimed()
    bench.hand_off(lease, first, second)
    bench.deliveries.settle(lease, [settled(first)])
    bench.deliveries.settle(lease, [settled(first), settled(second)])
    assert bench.kinds() == ["sent", "sent"]
    with bench.database.read() as connection:
        apart = connection.execute(sa.select(touches.c.delivery_id, touch_details.c.private).join_from(
            touches, touch_details, touches.c.id == touch_details.c.touch_id)).all()
        together = [list(letters_in(body)) for body in connection.scalars(sa.select(kept_texts.c.body))]
    assert (together, [row.delivery_id for row in apart]) == ([[first]], [second])


@pytest.mark.parametrize("second", [DeliveryState.FAILED, DeliveryState.WAITING, DeliveryState.UNKNOWN])
def test_a_final_state_stays_final_and_gets_no_second_touch(bench: Bench, second: DeliveryState) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.deliveries.settle(lease, [settled(delivery_id)])
    bench.deliveries.settle(lease, [settled(delivery_id, second)])
    assert bench.states() == {delivery_id: "sent"}
    assert bench.kinds() == ["sent"]


def test_the_run_goes_on_at_the_moment_of_the_touch_with_the_outcome(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    touch = Touch(at=NOON + MINUTE, contact_id=1, kind=Kind.SENT, delivery_id=delivery_id)
    bench.deliveries.settle(lease, [settled(delivery_id, touch=touch)])
    with bench.planning.transaction() as tx:
        assert tx.due_runs(now=NOON + MINUTE, limit=10) == []
        told = tx.take_outcome((), now=NOON + MINUTE)
        assert told is not None
        tx.wake_runs(told.others, told=told)
        (held,) = tx.due_runs(now=NOON + MINUTE, limit=10)
        assert tx.take_outcome((), now=NOON + MINUTE) is None
    run = held.run
    assert (run.outcome, run.since, run.due_at, run.handed_off_at) == ("sent", NOON + MINUTE, NOON + MINUTE, NOON)


def test_a_run_is_not_told_of_a_hand_off_that_never_was(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    bench.deliveries.settle(bench.claimed(), [settled(delivery_id, DeliveryState.SUPPRESSED)])
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
    assert (held.run.outcome, held.run.handed_off_at) == ("suppressed", None)


def test_a_bad_address_is_suppressed_in_the_same_transaction(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    refused = settled(delivery_id, DeliveryState.FAILED, suppress_address="hard_bounce", suppress_kind=ChannelKind.EMAIL)
    bench.deliveries.settle(lease, [refused])
    with bench.database.read() as connection:
        row = connection.execute(sa.select(suppressions)).mappings().one()
    assert (row["address_key"], row["channel"], row["reason"]) == (bench.key("c1@example.com"), "email", "hard_bounce")


def test_a_channel_that_was_tried_is_remembered_and_the_place_is_given_back(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    bench.deliveries.settle(lease, [settled(delivery_id, DeliveryState.WAITING, due_at=NOON, tried="email")])
    (candidate,) = bench.deliveries.load(bench.claimed(), now=NOON)
    assert candidate.intent.tried == ("email",)
    assert candidate.facts.hand_offs == ()


def test_a_deferral_is_remembered_and_comes_due_at_its_moment(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    until = NOON + timedelta(hours=9)
    touch = Touch(at=NOON, contact_id=1, kind=Kind.DEFERRED, delivery_id=delivery_id)
    deferred = Settlement(delivery_id=delivery_id, state=DeliveryState.WAITING, due_at=until, touch=touch)
    bench.deliveries.settle(bench.claimed(), [deferred])
    assert bench.claim() is None
    assert bench.claimed(now=until).delivery_ids == (delivery_id,)
    assert bench.planning.next_due(after=NOON) == until


def test_a_deferral_that_was_decided_before_the_run_exited_does_not_put_its_cancelling_off(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    (run_id,) = bench.ids("SELECT run_id FROM deliveries")
    with bench.database.begin() as connection:
        connection.execute(sa.update(runs).values(state="exited"))
    with bench.planning.transaction() as tx:
        tx.recall_deliveries([run_id], now=NOON)
    bench.deliveries.settle(lease, [settled(delivery_id, DeliveryState.WAITING, due_at=NOON + timedelta(hours=9))])
    assert bench.claimed().delivery_ids == (delivery_id,)


def test_a_failed_transaction_of_clearing_leaves_nothing_in_sending(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()

    def clear_and_fail() -> None:
        with bench.deliveries.clearing(lease, [delivery_id], now=NOON) as clearing:
            clearing.settle([settled(delivery_id)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        clear_and_fail()
    assert bench.states() == {delivery_id: "waiting"}
    assert bench.kinds() == []


def test_a_thousand_outcomes_take_as_many_statements_as_ten(bench: Bench) -> None:
    counted = []
    for number in (10, 1000):
        ids = bench.add_deliveries(number)
        lease = bench.claimed(limit=number)
        bench.hand_off(lease, *ids)
        with bench.counting() as statements:
            bench.deliveries.settle(lease, [settled(delivery_id) for delivery_id in ids])
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 12


def test_what_was_taken_out_of_the_batch_keeps_nothing_else_from_being_recorded(bench: Bench) -> None:
    gone, ours = bench.add_deliveries(2)
    lease = bench.claimed()
    bench.hand_off(lease, gone, ours)
    with bench.database.begin() as connection:
        connection.execute(sa.update(deliveries).where(deliveries.c.id == gone).values(state="waiting", batch_id=None))
        connection.execute(sa.update(batches).values(delivery_ids=[ours]))
    bench.deliveries.settle(lease, [settled(gone), settled(ours)])
    bench.deliveries.release(lease)
    assert bench.states() == {gone: "waiting", ours: "sent"}
    assert bench.ids("SELECT count(*) AS n FROM batches") == [0]
