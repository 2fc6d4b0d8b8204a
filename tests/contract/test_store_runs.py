"""Runs and what happens to them, on both databases: due ones in nobody else's hand, events once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.model.addresses import address_key
from engage.model.contact import ChannelKind
from engage.model.history import Kind, Touch
from engage.model.quiet_hours import CountryHours, QuietHours
from engage.model.run import RunState
from engage.planning.run_ports import RunInHand
from engage.store.database import Database
from tests.builders import NOON, a_campaign, an_event
from tests.contract.store_benches import MINUTE, Bench, a_delivery, a_slot, an_entry, at_once


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def test_threads_that_advance_at_once_never_hold_the_same_run(bench: Bench) -> None:
    bench.add_contacts(40)
    bench.enter()

    def advance(_: int) -> list[int]:
        with bench.planning.transaction() as tx:
            held = tx.due_runs(now=NOON, limit=10)
            tx.save_runs([replace(each.run, due_at=None) for each in held])
            return [each.run.id for each in held]

    taken = [run_id for ids in at_once(6, advance) for run_id in ids]
    assert len(taken) == len(set(taken))
    while rest := advance(0):
        taken += rest
    assert sorted(taken) == bench.ids("SELECT id FROM runs ORDER BY id")


def test_due_runs_come_oldest_first_with_their_contact(bench: Bench) -> None:
    first, second = bench.add_contacts(2)
    with bench.planning.transaction() as tx:
        tx.enter_one(an_entry(now=NOON), first)
        tx.enter_one(an_entry(now=NOON - MINUTE), second)
    with bench.planning.transaction() as tx:
        in_hand = tx.due_runs(now=NOON, limit=10)
    assert [held.contact.id for held in in_hand if held.contact] == [second, first]
    assert bench.planning.next_due(after=NOON) == NOON - MINUTE


def a_run_in_hand(bench: Bench) -> RunInHand:
    """A run that has just entered."""
    bench.add_contacts(1)
    bench.enter()
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
    return held


def test_what_changed_in_a_run_is_kept(bench: Bench) -> None:
    held = a_run_in_hand(bench)
    changed = replace(
        held.run, position="1.then.0", since=NOON + MINUTE, due_at=NOON + MINUTE, variables={"answer": {"score": 2}}, outcome="sent",
        handed_off_at=NOON, waiting_for="csat.answered",
    )
    with bench.planning.transaction() as tx:
        tx.save_runs([changed])
    with bench.planning.transaction() as tx:
        assert [each.run for each in tx.runs_of_contact(held.run.contact_id)] == [changed]


def test_a_run_that_has_ended_is_never_due(bench: Bench) -> None:
    held = a_run_in_hand(bench)
    with bench.planning.transaction() as tx:
        tx.save_runs([replace(held.run, state=RunState.FINISHED)])
    with bench.planning.transaction() as tx:
        assert tx.due_runs(now=NOON, limit=10) == []
        assert tx.runs_of_contact(held.run.contact_id) == []
    assert bench.planning.next_due(after=NOON) is None


def test_a_transaction_that_fails_leaves_nothing(bench: Bench) -> None:
    bench.add_contacts(1)

    def enter_and_fail() -> None:
        with bench.planning.transaction() as tx:
            tx.enter(an_entry())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enter_and_fail()
    assert bench.rows("SELECT id FROM runs UNION ALL SELECT id FROM touches") == []


def test_a_delivery_is_made_once_and_comes_back_as_it_was_made(bench: Bench) -> None:
    held = a_run_in_hand(bench)
    layers = (QuietHours(holidays=True, by_country={"FR": CountryHours(days_off=frozenset({6}))}), "ignore", None)
    new = a_delivery(held.run.id, held.run.contact_id, quiet_hours=layers, values={"score": 2}, to="#support", send_key="monday")
    with bench.planning.transaction() as tx:
        tx.add_deliveries([new, new])
        tx.add_deliveries([new])
    (candidate,) = bench.deliveries.load(bench.claimed(), now=NOON)
    intent = candidate.intent
    assert (intent.quiet_hours, intent.values, intent.to, intent.send_key) == (layers, {"score": 2}, "#support", "monday")
    assert (intent.trigger, intent.channels, candidate.on_unknown) == (held.run.trigger, ("email", "sms"), "hold")


def test_recalled_deliveries_are_due_at_once(bench: Bench) -> None:
    bench.add_deliveries(1, due_at=NOON + timedelta(days=1))
    (run_id,) = bench.ids("SELECT run_id FROM deliveries")
    with bench.planning.transaction() as tx:
        tx.recall_deliveries([run_id], now=NOON)
    assert bench.claim() is not None


def test_what_is_needless_says_by_what_to_whoever_has_it_in_hand(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    (run_id,) = bench.ids("SELECT run_id FROM deliveries")
    lease = bench.claimed()
    assert [each.intent.needless for each in bench.deliveries.load(lease, now=NOON)] == [None]
    with bench.planning.transaction() as tx:
        tx.recall_deliveries([run_id], now=NOON, needless="message.opened")
    with bench.deliveries.clearing(lease, [delivery_id], now=NOON, renew_by=timedelta(seconds=30)) as clearing:
        assert [each.intent.needless for each in clearing.candidates()] == ["message.opened"]


def test_what_is_being_handed_over_is_not_needless_any_more(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    (run_id,) = bench.ids("SELECT run_id FROM deliveries")
    bench.hand_off(bench.claimed(), delivery_id)
    before = bench.rows("SELECT state, due_at, CAST(payload AS text) FROM deliveries")
    with bench.planning.transaction() as tx:
        tx.recall_deliveries([run_id], now=NOON, needless="message.opened")
    assert bench.rows("SELECT state, due_at, CAST(payload AS text) FROM deliveries") == before


def test_a_hand_off_has_started_once_a_delivery_was_cleared(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    (run_id,) = bench.ids("SELECT run_id FROM deliveries")
    with bench.planning.transaction() as tx:
        assert not tx.hand_offs_started([run_id])
    bench.hand_off(bench.claimed(), delivery_id)
    with bench.planning.transaction() as tx:
        assert tx.hand_offs_started([run_id]) == {run_id}


def test_an_event_is_stored_once_with_one_touch_however_many_post_it(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)

    def post(_: int) -> bool:
        with bench.planning.transaction() as tx:
            return tx.add_event(an_event(contact_id=contact_id))

    assert sum(at_once(20, post)) == 1
    assert bench.rows("SELECT kind, contact_id FROM touches") == [{"kind": "event", "contact_id": contact_id}]


def test_events_come_in_the_order_in_which_they_happened_with_their_declared_types(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    answered = {"type": "csat.answered", "contact_id": contact_id}
    made = [
        an_event(id="late", at=NOON + MINUTE, data={"ticket_id": "T-1", "score": 2}, **answered),
        an_event(id="early", at=NOON, data={"ticket_id": "T-2", "score": 4.5}, **answered),
        an_event(id="older", at=NOON - MINUTE, data={}, **answered),
        an_event(id="other", at=NOON, contact_id=contact_id),
    ]
    with bench.planning.transaction() as tx:
        for event in made:
            tx.add_event(event)
        assert tx.events_of_contact(contact_id, types=["csat.answered"], since=NOON) == [made[1], made[0]]


@pytest.mark.parametrize(("reference", "found"), [("c1", True), (" C1@EXAMPLE.com ", True), ("00386 40 123 456", True), ("nobody", False)])
def test_a_contact_is_found_by_any_of_its_names(bench: Bench, reference: str, found: bool) -> None:
    number = "+38640123456"
    key = address_key(bench.database.secret(), ChannelKind.SMS, number)
    (contact_id,) = bench.add_contacts(1, phone=number, phone_key=key)
    with bench.planning.transaction() as tx:
        contact = tx.find_contact(reference)
    assert (contact.id if contact else None) == (contact_id if found else None)


def test_touches_are_appended_with_what_is_personal_apart(bench: Bench) -> None:
    plain = Touch(at=NOON, contact_id=1, kind=Kind.NOTE, reason="called")
    with bench.planning.transaction() as tx:
        tx.add_touches([plain, replace(plain, private={"address": "c1@example.com"})])
    assert bench.rows("SELECT reason FROM touches") == [{"reason": "called"}] * 2
    assert bench.rows("SELECT touch_id FROM touch_details") == [{"touch_id": 2}]


def test_of_a_contacts_many_runs_those_of_campaigns_alone_are_read_that_heed(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    kinds = [a_campaign(name=name, version=version) for name, version in (("one", "v1"), ("one", "v2"), ("other", "v1"))]
    with bench.planning.transaction() as tx:
        ids = [tx.enter_one(an_entry(a_slot(key=f"{number}"), campaign=kinds[number % 3]), contact_id) for number in range(6)]
    asked: list[tuple[str, str]] = []

    def heeding(campaign: str, version: str) -> bool:
        asked.append((campaign, version))
        return (campaign, version) == ("one", "v2")

    with bench.planning.transaction() as tx:
        assert [each.run.id for each in tx.runs_of_contact(contact_id, heeding=heeding)] == [ids[0], ids[1], ids[3], ids[4]]
        assert sorted(asked) == [("one", "v1"), ("one", "v2"), ("other", "v1")]
        with bench.counting() as made:
            assert tx.runs_of_contact(contact_id, heeding=lambda *kind: False) == []
    assert len(made) == 2
