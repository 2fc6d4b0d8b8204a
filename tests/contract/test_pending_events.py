"""Events whose consequences are drawn later, on both databases: each once, in order, and one that cannot be drawn stops no other."""

from __future__ import annotations

import pytest

from engage.contacts.zones import names_behind
from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.history import Kind
from engage.planning.planner import Planner
from engage.store.database import Database
from engage.store.planning.pending import MOST_ATTEMPTS
from engage.store.planning.transactions import SqlPlanning
from engage.store.rows.rows import insert_pending
from tests.builders import NOON, an_event
from tests.contract.store_benches import MINUTE, Bench, an_entry, at_once
from tests.engine import Works
from tests.small import small_workspace


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def add(bench: Bench, *events: Event) -> None:
    with bench.planning.transaction() as tx:
        tx.add_pending_events(events)


def drawn(bench: Bench, event_id: str) -> bool:
    with bench.planning.transaction() as tx:
        return tx.take_pending_event(event_id) is not None


def waiting(bench: Bench) -> list[str]:
    with bench.planning.transaction() as tx:
        return list(tx.pending_events(limit=10))


def test_pending_events_wait_in_the_order_in_which_they_happened_and_each_is_written_once(bench: Bench) -> None:
    (ana,) = bench.add_contacts(1)
    late, early = an_event(id="late", contact_id=ana, at=NOON + MINUTE), an_event(id="early", contact_id=ana)
    add(bench, late, early)
    add(bench, early)
    assert waiting(bench) == ["early", "late"]
    assert bench.rows("SELECT kind FROM touches") == [{"kind": "event"}, {"kind": "event"}]


def test_a_pending_event_is_drawn_by_one_however_many_want_it(bench: Bench) -> None:
    (ana,) = bench.add_contacts(1)
    add(bench, an_event(contact_id=ana))
    assert sorted(at_once(8, lambda _: drawn(bench, "e1"))) == [False] * 7 + [True]
    assert waiting(bench) == []


def test_an_event_that_cannot_be_drawn_comes_again_a_few_times_and_then_no_more(bench: Bench) -> None:
    (ana,) = bench.add_contacts(1)
    add(bench, an_event(contact_id=ana))
    for _ in range(MOST_ATTEMPTS):
        assert waiting(bench) == ["e1"]
        with bench.planning.transaction() as tx:
            tx.put_back_event("e1")
    assert waiting(bench) == []


def test_what_nobody_heeds_is_passed_over_at_once_but_for_people_in_a_campaign(bench: Bench) -> None:
    ana, bor = bench.add_contacts(2)
    with bench.planning.transaction() as tx:
        tx.enter_one(an_entry(), bor)
    add(bench, an_event(id="vain", contact_id=ana), an_event(id="exit?", contact_id=bor), an_event(id="goal", contact_id=ana, type="paid"))
    with bench.planning.transaction() as tx:
        assert tx.pass_over_events(heeded={"paid"}, limit=10) == 1
    assert sorted(waiting(bench)) == ["exit?", "goal"]


@pytest.mark.parametrize("reference", ["c1", "C1@Example.com"])
def test_an_event_for_somebody_unknown_is_kept_and_drawn_once_they_are_known(bench: Bench, reference: str) -> None:
    with bench.planning.transaction() as tx:
        tx.add_event(Event(id="e1", type="ticket.closed", at=NOON, received_at=NOON, data={}, contact_ref=reference))
        assert tx.meet_contacts(since=NOON, limit=10) == 0
    (contact_id,) = bench.add_contacts(1)
    with bench.planning.transaction() as tx:
        assert tx.meet_contacts(since=NOON + MINUTE, limit=10) == 0
        assert tx.pending_events(limit=10) == []
        assert tx.meet_contacts(since=NOON, limit=10) == 1
        assert tx.meet_contacts(since=NOON, limit=10) == 0
    assert bench.rows("SELECT kind, contact_id FROM touches") == [{"kind": "event", "contact_id": contact_id}]
    assert drawn(bench, "e1")


def test_what_was_left_pending_enters_its_campaign(database: Database) -> None:
    works = Works(database, small_workspace())
    works.know("ana")
    ana = works.people.find("ana")
    assert ana is not None
    with database.begin() as connection:
        insert_pending(connection, Event(id="t1", type="ticket.closed", at=works.clock.now(), data={"ticket_id": "T-1"}, contact_id=ana.id))
    works.settle()
    assert [touch.campaign for touch in works.touches(Kind.ENTERED)] == ["follow_up"]
    works.close()


def test_an_event_that_raises_leaves_nothing_half_written_and_stops_no_other(database: Database) -> None:
    works = Works(database, small_workspace())
    works.know("ana", "bor")
    reopened, asked = list[Event](), list[str]()
    for name in ("ana", "bor"):
        works.happen("ticket.closed", name, ticket_id="T-1")
        contact = works.people.find(name)
        assert contact is not None
        reopened.append(
            Event(id=name, type="ticket.reopened", at=works.clock.now(), data={"ticket_id": "T-1"}, contact_id=contact.id)
        )

    def unreadable_at_first(name: str, version: str) -> Campaign | None:
        asked.append(version)
        if len(asked) == 1:
            raise LookupError(name)
        return works.workspace.campaigns.get(name)

    planning = SqlPlanning(database, workspace=lambda: works.workspace)
    planner = Planner(planning, workspace=lambda: works.workspace, versions=unreadable_at_first, zones_of=names_behind)
    with database.begin() as connection:
        for event in reopened:
            insert_pending(connection, event)
    with pytest.raises(ExceptionGroup, match="not every event could be drawn"):
        planner.advance(now=works.clock.now())
    assert [touch.contact_id for touch in works.touches(Kind.EXITED)] == [reopened[1].contact_id]
    works.settle()
    assert len(works.touches(Kind.EXITED)) == 2
    works.close()
