"""What has come in of late, on both databases: by type, with the fields of the last ones."""

from __future__ import annotations

from datetime import timedelta

from engage.model.contact import Event
from engage.store.database import Database
from engage.store.planning.sightings import SAMPLES, SqlSightings
from tests.builders import NOON
from tests.contract.store_benches import Bench


def test_events_are_seen_by_type_since_a_moment_with_samples_of_the_last(database: Database) -> None:
    bench = Bench(database=database)
    with bench.planning.transaction() as tx:
        for number in range(SAMPLES + 5):
            at = NOON + timedelta(minutes=number)
            tx.add_event(Event(id=f"e{number}", type="order.placed", at=at, received_at=at, data={"number": number}))
        tx.add_event(Event(id="old", type="cart.left", at=NOON, received_at=NOON - timedelta(days=40), data={}))
        tx.add_event(Event(id="t1", type="ticket.closed", at=NOON, received_at=NOON, data={"ticket_id": "T-1"}))
    orders, tickets = SqlSightings(database).seen(since=NOON - timedelta(days=1))
    assert (orders.type, orders.count, orders.last) == ("order.placed", SAMPLES + 5, NOON + timedelta(minutes=SAMPLES + 4))
    assert sorted(sample["number"] for sample in orders.samples) == list(range(5, SAMPLES + 5))  # type: ignore[type-var]  # numbers
    assert (tickets.type, tickets.samples) == ("ticket.closed", [{"ticket_id": "T-1"}])
