"""The copy for simulation, from both databases into one in memory: what was known at a moment, and nothing later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engage.model.contact import Consent
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.installation.business_clock import StoredMoment
from engage.store.installation.copy import CHUNK, copy_into
from engage.store.people.ledger import SqlLedger
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contact_dates, contacts, events, runs, touch_details, touches
from tests.builders import NOON, an_event
from tests.contract.store_benches import Bench, settled

DAY = timedelta(days=1)


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


@pytest.fixture
def copy_of() -> Iterator[Database]:
    """An empty database in memory."""
    database = Database.open("sqlite://")
    database.migrate()
    yield database
    database.close()


def rows_of(database: Database, table: sa.Table) -> list[dict[str, object]]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()]


def test_people_and_their_dates_come_along_with_the_secret(bench: Bench, copy_of: Database) -> None:
    bench.add_contacts(CHUNK + 5)
    copy_into(bench.database, copy_of, as_of=NOON + DAY)
    assert copy_of.secret() == bench.database.secret()
    for table in (contacts, contact_dates):
        assert rows_of(copy_of, table) == rows_of(bench.database, table)


def test_whoever_became_known_later_counts_as_known_then_and_as_unchanged_before(bench: Bench, copy_of: Database) -> None:
    bench.add_contacts(1, known_at=NOON + DAY, changed_at=NOON + DAY)
    copy_into(bench.database, copy_of, as_of=NOON)
    (row,) = rows_of(copy_of, contacts)
    assert row["known_at"] == NOON
    assert row["changed_at"] < NOON


def test_what_happened_later_stays_behind_and_so_does_what_is_personal(bench: Bench, copy_of: Database) -> None:
    (contact_id,) = bench.add_contacts(1)
    moments = (NOON - 60 * DAY, NOON - DAY, NOON + DAY)
    with bench.planning.transaction() as tx:
        for number, at in enumerate(moments):
            tx.add_event(an_event(id=f"e{number}", at=at, received_at=at, contact_id=contact_id))
            tx.add_touches([Touch(at=at, contact_id=contact_id, kind=Kind.SENT, private={"address": "c1@example.com"})])
    SqlLedger(bench.database).record(
        [Consent(contact_id=contact_id, purpose="care", channel=None, granted=True, at=at, source="test") for at in moments]
    )
    copy_into(bench.database, copy_of, as_of=NOON, look_back=40 * DAY)
    assert [row["at"] for row in rows_of(copy_of, events)] == list(moments[:2])
    assert [row["at"] for row in rows_of(copy_of, consents)] == list(moments[:2])
    assert [row["at"] for row in rows_of(copy_of, touches) if row["kind"] == "sent"] == [moments[1]]
    assert rows_of(copy_of, touch_details) == []


def test_all_of_the_history_comes_along_where_it_is_not_said_how_much_is_needed(bench: Bench, copy_of: Database) -> None:
    (contact_id,) = bench.add_contacts(1)
    with bench.planning.transaction() as tx:
        tx.add_touches([Touch(at=NOON - 4_000 * DAY, contact_id=contact_id, kind=Kind.SENT)])
    copy_into(bench.database, copy_of, as_of=NOON)
    assert [row["at"] for row in rows_of(copy_of, touches)] == [NOON - 4_000 * DAY]


def test_runs_under_way_go_on_where_the_sources_clock_is_not_past_the_moment(bench: Bench, copy_of: Database) -> None:
    StoredMoment(bench.database).set(NOON)
    bench.add_deliveries(2)
    bench.claimed(limit=1)
    copy_into(bench.database, copy_of, as_of=NOON)
    copied = Bench(database=copy_of)
    assert copied.claimed().delivery_ids == (1, 2)
    assert copied.ids("SELECT count(*) AS n FROM runs WHERE state = 'active'") == [2]
    assert copied.ids("SELECT count(*) AS n FROM campaign_versions") == [1]


def test_what_is_being_handed_over_just_then_comes_to_an_end_in_the_copy_too(bench: Bench, copy_of: Database) -> None:
    StoredMoment(bench.database).set(NOON)
    (delivery_id,) = bench.add_deliveries(1)
    bench.hand_off(bench.claimed(), delivery_id)
    copy_into(bench.database, copy_of, as_of=NOON)
    assert Bench(database=copy_of).claimed().delivery_ids == (delivery_id,)


def test_what_went_already_is_known_to_the_runs_and_the_copies_that_are_still_to_go(bench: Bench, copy_of: Database) -> None:
    StoredMoment(bench.database).set(NOON)
    went, waits = bench.add_deliveries(2, send_key="newsletter:monday")
    lease = bench.claimed()
    bench.hand_off(lease, went)
    bench.deliveries.settle(lease, [settled(went, DeliveryState.SENT)])
    with bench.database.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.id == 1).values(state="finished"))
    copy_into(bench.database, copy_of, as_of=NOON)
    copied = Bench(database=copy_of)
    assert copied.states() == {went: "sent", waits: "waiting"}


def test_of_a_past_moment_runs_keep_their_keys_and_nothing_else(bench: Bench, copy_of: Database) -> None:
    StoredMoment(bench.database).set(NOON + DAY)
    bench.add_deliveries(1)
    copy_into(bench.database, copy_of, as_of=NOON)
    copied = Bench(database=copy_of)
    assert copied.claim() is None
    assert copied.enter() == 0
    assert copied.planning.next_due(after=NOON) is None


def test_the_source_is_only_read(bench: Bench, copy_of: Database) -> None:
    bench.add_deliveries(1)
    before = rows_of(bench.database, contacts), rows_of(bench.database, touches), bench.states()
    copy_into(bench.database, copy_of, as_of=datetime(2027, 1, 1, tzinfo=UTC))
    assert (rows_of(bench.database, contacts), rows_of(bench.database, touches), bench.states()) == before
