"""The clearing transaction, on both databases: it sees what was committed before it, and no two pass a limit of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.ports import Candidate, Clearance, Lease
from engage.model.campaign import Limit, Per
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import Approved, DeliveryState, Refused
from engage.model.time import Duration
from engage.policy import decide
from engage.store.database import Database
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from engage.store.schema.tables import contacts, runs
from tests.builders import NOON, a_campaign, a_purpose, a_workspace, some_settings
from tests.contract.store_benches import MINUTE, Bench, a_delivery, a_slot, an_entry, at_once, settled


@pytest.fixture
def bench(database: Database) -> Bench:
    once_a_day = a_purpose(limits=(Limit(count=1, per=Per.DAY),))
    return Bench(database=database, workspace=a_workspace(a_campaign(), settings=some_settings(purposes={"care": once_a_day})))


def clear(bench: Bench, lease: Lease, delivery_id: int) -> bool:
    """Ask the real decision within the clearing transaction, and hand over what it approves."""
    with bench.deliveries.clearing(lease, [delivery_id], now=NOON) as clearing:
        (candidate,) = clearing.candidates()
        decision = decide(
            candidate.intent, candidate.facts, now=NOON, settings=bench.workspace.settings, campaign=bench.workspace.campaigns["birthday"]
        )
        if isinstance(decision, Approved):
            goes = Clearance(delivery_id=delivery_id, channel=decision.channel, provider="console", address=decision.address)
            clearing.hand_off([goes], now=NOON)
            return True
        clearing.settle([settled(delivery_id, DeliveryState.WAITING, due_at=NOON + timedelta(days=1))])
        return False


def seen(bench: Bench, lease: Lease) -> Candidate:
    """What the clearing transaction would tell the decision about the lease's only delivery."""
    with bench.deliveries.clearing(lease, lease.delivery_ids, now=NOON) as clearing:
        (candidate,) = clearing.candidates()
        return candidate


def add_second_delivery(bench: Bench) -> tuple[int, int]:
    """Two deliveries of one contact, from two runs."""
    (first,) = bench.add_deliveries(1)
    (contact_id,) = bench.ids("SELECT id FROM contacts")
    with bench.planning.transaction() as tx:
        run_id = tx.enter_one(an_entry(a_slot(key="second")), contact_id)
        tx.add_deliveries([a_delivery(run_id or 0, contact_id)])
    return first, bench.ids("SELECT max(id) AS id FROM deliveries")[0]


def test_of_two_clearings_for_one_contact_with_a_limit_of_one_exactly_one_passes(bench: Bench) -> None:
    ids = add_second_delivery(bench)
    leases = [bench.claimed(limit=1), bench.claimed(limit=1)]
    assert tuple(lease.delivery_ids[0] for lease in leases) == ids
    passed = at_once(2, lambda index: clear(bench, leases[index], ids[index]))
    assert sorted(passed) == [False, True]
    assert sorted(bench.states().values()) == ["sending", "waiting"]


ONCE_IN_SIXTY_DAYS = (Limit(count=1, within=Duration(days=60)),)
SIXTY_DAYS = {
    "the workspace's": (a_workspace(a_campaign(), settings=some_settings(limits=ONCE_IN_SIXTY_DAYS)), ()),
    "the purpose's": (a_workspace(a_campaign(), settings=some_settings(purposes={"care": a_purpose(limits=ONCE_IN_SIXTY_DAYS)})), ()),
    "the campaign's": (a_workspace(a_campaign(limits=ONCE_IN_SIXTY_DAYS)), ()),
    "that of the version a run entered with": (a_workspace(a_campaign(version="v2")), (a_campaign(limits=ONCE_IN_SIXTY_DAYS),)),
}


@pytest.mark.parametrize("whose", SIXTY_DAYS)
def test_a_limit_over_sixty_days_counts_what_went_fifty_days_ago(database: Database, whose: str) -> None:
    workspace, older = SIXTY_DAYS[whose]
    bench = Bench(database=database, workspace=workspace, older=older)
    first, second = add_second_delivery(bench)
    went = settled(first, DeliveryState.SENT)
    assert went.touch is not None
    bench.deliveries.settle(bench.claimed(limit=1), [replace(went, touch=replace(went.touch, at=NOON - timedelta(days=50)))])
    candidate = seen(bench, bench.claimed(limit=1))
    campaign = (*older, *workspace.campaigns.values())[0]
    decision = decide(candidate.intent, candidate.facts, now=NOON, settings=workspace.settings, campaign=campaign)
    assert candidate.intent.id == second
    assert isinstance(decision, Refused), "it expires before the ten days that are left are over"
    assert [check.number for check in decision.trail if not check.passed] == [7, 5]


def test_a_refusal_gives_the_place_back(bench: Bench) -> None:
    first, second = add_second_delivery(bench)
    lease, other = bench.claimed(limit=1), bench.claimed(limit=1)
    assert clear(bench, lease, first)
    bench.deliveries.settle(lease, [settled(first, DeliveryState.FAILED)])
    assert clear(bench, other, second)


def test_a_withdrawal_that_was_committed_before_it_is_seen(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    (contact_id,) = bench.ids("SELECT id FROM contacts")
    withdrawal = Consent(contact_id=contact_id, purpose="care", channel=None, granted=False, at=NOON, source="test")
    SqlLedger(bench.database).record([withdrawal])
    assert seen(bench, lease).facts.consents == (withdrawal,)
    assert not clear(bench, lease, delivery_id)


def test_a_withdrawal_by_message_counts_for_whoever_shares_the_address_and_a_grant_does_not(bench: Bench) -> None:
    bench.add_deliveries(1)
    shared = bench.key("c1@example.com")
    (stranger,) = bench.add_contacts(1)
    lines = [
        Consent(contact_id=stranger, purpose="care", channel=ChannelKind.EMAIL, granted=granted, at=NOON, source="link", address_key=shared)
        for granted in (True, False)
    ]
    SqlLedger(bench.database).record(lines)
    assert seen(bench, bench.claimed()).facts.consents == (lines[1],)


def change(bench: Bench, statement: sa.Executable) -> None:
    with bench.database.begin() as connection:
        connection.execute(statement)


STOPS: dict[str, tuple[Callable[[Bench], None], Callable[[Candidate], bool]]] = {
    "pause of the campaign": (
        lambda bench: bench.operations.pause("campaign", "birthday", now=NOON), lambda seen: seen.facts.campaign.paused,
    ),
    "pause of everything": (lambda bench: bench.operations.pause("all", "", now=NOON), lambda seen: seen.facts.campaign.paused),
    "pause of a channel": (
        lambda bench: bench.deliveries.pause_channel("email", now=NOON, reason="token"),
        lambda seen: seen.facts.paused_channels == {"email"},
    ),
    "erasure": (
        lambda bench: change(bench, sa.update(contacts).values(erased_at=NOON)),
        lambda seen: seen.facts.contact is not None and seen.facts.contact.erased,
    ),
    "deletion": (lambda bench: change(bench, sa.text("DELETE FROM contacts")), lambda seen: seen.facts.contact is None),
    "suppression": (
        lambda bench: SqlSuppressions(bench.database).suppress(ChannelKind.EMAIL, "C1@Example.com", reason="complaint", now=NOON) and None,
        lambda seen: seen.facts.suppressed == {ChannelKind.EMAIL: "complaint"},
    ),
    "exit of the run": (lambda bench: change(bench, sa.update(runs).values(state="exited")), lambda seen: seen.facts.run_exited),
}


@pytest.mark.parametrize("stop", STOPS)
def test_whatever_stops_a_message_is_seen_once_it_is_committed(bench: Bench, stop: str) -> None:
    act, is_seen = STOPS[stop]
    bench.add_deliveries(1)
    lease = bench.claimed()
    assert not is_seen(seen(bench, lease))
    act(bench)
    assert is_seen(seen(bench, lease))


def test_a_copy_that_went_to_the_same_address_in_the_same_occurrence_is_a_duplicate(bench: Bench) -> None:
    (first,) = bench.add_deliveries(1, send_key="newsletter:monday")
    bench.hand_off(bench.claimed(), first)
    (twin,) = bench.add_contacts(1, email="c1@example.com", email_key=bench.key("c1@example.com"))
    with bench.planning.transaction() as tx:
        run_id = tx.enter_one(an_entry(), twin)
        tx.add_deliveries([a_delivery(run_id or 0, twin, send_key="newsletter:monday")])
        tx.add_deliveries([a_delivery(run_id or 0, twin, send_key="newsletter:tuesday", step="1")])
    candidates = bench.deliveries.load(bench.claimed(), now=NOON)
    assert [candidate.facts.duplicates for candidate in candidates] == [frozenset({ChannelKind.EMAIL}), frozenset()]


def test_a_hold_decided_before_people_acted_does_not_outlast_their_act(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    bench.operations.pause("campaign", "birthday", now=NOON)
    lease = bench.claimed()
    held = settled(delivery_id, DeliveryState.WAITING, due_at=NOON + timedelta(days=7), hold="paused")
    bench.operations.resume("campaign", "birthday", now=NOON)
    bench.deliveries.settle(lease, [held])
    assert bench.claimed().delivery_ids == (delivery_id,)


def test_a_hold_lasts_until_people_act(bench: Bench) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    bench.operations.pause("campaign", "birthday", now=NOON)
    held = settled(delivery_id, DeliveryState.WAITING, due_at=NOON + timedelta(days=7), hold="paused")
    bench.deliveries.settle(bench.claimed(), [held])
    assert bench.claim() is None
    bench.operations.resume("campaign", "birthday", now=NOON + MINUTE)
    assert bench.claimed(now=NOON + MINUTE).delivery_ids == (delivery_id,)


def test_an_approval_lets_only_its_campaign_go(bench: Bench) -> None:
    (mine,) = bench.add_deliveries(1)
    (other,) = bench.add_deliveries(1, campaign="newsletter")
    with bench.planning.transaction() as tx:
        tx.guard("birthday", entered=4, most=3, now=NOON)
    lease = bench.claimed()
    assert [candidate.facts.campaign.approved for candidate in bench.deliveries.load(lease, now=NOON)] == [False, True]
    far = NOON + timedelta(days=7)
    bench.deliveries.settle(lease, [settled(id_, DeliveryState.WAITING, due_at=far, hold="approval") for id_ in (mine, other)])
    bench.operations.approve("birthday", now=NOON)
    again = bench.claimed()
    assert again.delivery_ids == (mine,)
    assert bench.deliveries.load(again, now=NOON)[0].facts.campaign.approved


def test_the_facts_of_a_thousand_deliveries_take_as_many_statements_as_those_of_ten(bench: Bench) -> None:
    counted = []
    for number in (10, 1000):
        bench.add_deliveries(number)
        lease = bench.claimed(limit=number)
        with bench.counting() as statements:
            assert len(bench.deliveries.load(lease, now=NOON)) == number
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 12
