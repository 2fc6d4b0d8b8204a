"""A slice that was read before, on both databases: nothing is understood anew where nothing changed, and whatever did is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.ports import Candidate, Clearance, Lease
from engage.model.campaign import Limit, Per
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import DeliveryState, Facts
from engage.store.database import Database
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from engage.store.schema.ledger import consents
from engage.store.schema.tables import batches, campaign_states, contacts, deliveries, runs
from tests.builders import NOON, a_campaign, a_purpose, a_workspace, some_settings
from tests.contract.store_benches import Bench, a_delivery, a_slot, an_entry, settled


@pytest.fixture
def bench(database: Database) -> Bench:
    once_a_day = a_purpose(limits=(Limit(count=1, per=Per.DAY),))
    return Bench(database=database, workspace=a_workspace(a_campaign(), settings=some_settings(purposes={"care": once_a_day})))


def loaded(bench: Bench) -> tuple[Lease, Candidate]:
    """A delivery in hand, read with its facts; its contact had consented, and there is a second contact with the same address."""
    bench.add_deliveries(1, send_key="monday")
    bench.add_contacts(1, email="c1@example.com", email_key=bench.key("c1@example.com"))
    SqlLedger(bench.database).record([line(1, granted=True)])
    lease = bench.claimed()
    (candidate,) = bench.deliveries.load(lease, now=NOON)
    return lease, candidate


def line(contact_id: int, *, granted: bool, key: str | None = None) -> Consent:
    return Consent(
        contact_id=contact_id, purpose="care", channel=ChannelKind.EMAIL, granted=granted, at=NOON - timedelta(hours=1), source="test",
        address_key=key,
    )


def seen(bench: Bench, lease: Lease) -> list[Candidate]:
    with bench.deliveries.clearing(lease, lease.delivery_ids, now=NOON) as clearing:
        return list(clearing.candidates())


def test_what_did_not_change_is_the_very_same(bench: Bench) -> None:
    lease, candidate = loaded(bench)
    assert [each is candidate for each in seen(bench, lease)] == [True]


def change(bench: Bench, *statements: sa.Executable) -> None:
    with bench.database.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def another_goes(bench: Bench, *, ends: bool) -> None:
    """Another delivery of the contact is handed over by somebody else, or was."""
    with bench.planning.transaction() as tx:
        run_id = tx.enter_one(an_entry(a_slot(key="second")), 1)
        tx.add_deliveries([a_delivery(run_id or 0, 1)])
    lease = bench.claimed()
    bench.hand_off(lease, *lease.delivery_ids)
    if ends:
        bench.deliveries.settle(lease, [settled(lease.delivery_ids[0], DeliveryState.SENT)])


def a_copy_goes(bench: Bench) -> None:
    """The message of the same occurrence goes to the contact with the same address."""
    with bench.planning.transaction() as tx:
        run_id = tx.enter_one(an_entry(), 2)
        tx.add_deliveries([a_delivery(run_id or 0, 2, send_key="monday")])
    lease = bench.claimed()
    with bench.deliveries.clearing(lease, lease.delivery_ids, now=NOON) as clearing:
        goes = Clearance(delivery_id=lease.delivery_ids[0], channel="email", provider="console", address="c1@example.com")
        clearing.hand_off([goes], now=NOON)


CHANGES: dict[str, tuple[Callable[[Bench], object], Callable[[Facts], bool]]] = {
    "a withdrawal": (lambda bench: SqlLedger(bench.database).record([line(1, granted=False)]), lambda facts: len(facts.consents) == 2),
    "a withdrawal by whoever shares the address": (
        lambda bench: SqlLedger(bench.database).record([line(2, granted=False, key=bench.key("c1@example.com"))]),
        lambda facts: len(facts.consents) == 2,
    ),
    "a consent that is gone, and another one in its place": (
        lambda bench: (
            change(bench, sa.delete(consents)), SqlLedger(bench.database).record([line(1, granted=False)]),
        ),
        lambda facts: [each.granted for each in facts.consents] == [False],
    ),
    "a suppression": (
        lambda bench: SqlSuppressions(bench.database).suppress(ChannelKind.EMAIL, "c1@example.com", reason="complaint", now=NOON),
        lambda facts: facts.suppressed == {ChannelKind.EMAIL: "complaint"},
    ),
    "erasure": (
        lambda bench: change(bench, sa.update(contacts).values(erased_at=NOON)),
        lambda facts: facts.contact is not None and facts.contact.erased,
    ),
    "another address": (
        lambda bench: change(bench, sa.update(contacts).values(email="new@example.com", email_key=bench.key("new@example.com"))),
        lambda facts: facts.contact is not None and facts.contact.address(ChannelKind.EMAIL) == "new@example.com",
    ),
    "the contact is gone": (
        lambda bench: change(bench, sa.delete(contacts).where(contacts.c.id == 1)), lambda facts: facts.contact is None,
    ),
    "the run was left": (lambda bench: change(bench, sa.update(runs).values(state="exited")), lambda facts: facts.run_exited),
    "a hand-off under way": (lambda bench: another_goes(bench, ends=False), lambda facts: len(facts.hand_offs) == 1),
    "a hand-off": (lambda bench: another_goes(bench, ends=True), lambda facts: len(facts.hand_offs) == 1),
    "a copy": (a_copy_goes, lambda facts: facts.duplicates == {ChannelKind.EMAIL}),
    "a pause of the campaign": (
        lambda bench: bench.operations.pause("campaign", "birthday", now=NOON), lambda facts: facts.campaign.paused,
    ),
    "a pause of the channel": (
        lambda bench: bench.deliveries.pause_channel("email", now=NOON, reason="token"), lambda facts: facts.paused_channels == {"email"},
    ),
    "the campaign's end": (
        lambda bench: change(bench, sa.update(campaign_states).values(ends_at=NOON)), lambda facts: facts.campaign.ended,
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changed_since_it_was_read_is_seen(bench: Bench, what: str) -> None:
    act, is_seen = CHANGES[what]
    lease, candidate = loaded(bench)
    assert not is_seen(candidate.facts)
    act(bench)
    (again,) = seen(bench, lease)
    assert is_seen(again.facts)


def test_a_row_that_others_changed_is_read_anew_and_one_that_is_not_in_hand_any_more_is_left_out(bench: Bench) -> None:
    lease, _ = loaded(bench)
    change(bench, sa.update(deliveries).values(expires_at=NOON + timedelta(minutes=1)))
    assert [each.intent.expires_at for each in seen(bench, lease)] == [NOON + timedelta(minutes=1)]
    change(bench, sa.update(batches).values(delivery_ids=[]))
    assert seen(bench, lease) == []
