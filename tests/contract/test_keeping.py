"""What is older than it is kept goes, in small transactions; what keys, limits and re-entry need outlives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.model.history import Kind, Touch
from engage.model.retention import Retained
from engage.store.database import Database
from engage.store.people import keeping
from engage.store.people.keeping import SqlKeeping
from engage.store.rows.rows import add_touches
from engage.store.schema.people import barred
from engage.store.schema.tables import contacts, deliveries, events, runs, touch_details, touches
from engage.store.schema.texts import kept_texts
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

DAY = timedelta(days=1)
Founded = Callable[..., Works]


@pytest.fixture
def found(database: Database) -> Iterator[Founded]:
    """A company that keeps what its test says, and nobody in it yet."""
    opened: list[Works] = []

    def open_works(retention: str, **files: str) -> Works:
        settings = FILES["engage.yaml"] + f"retention: {retention}\n"
        opened.append(Works(database, small_workspace(**{"engage.yaml": settings, **files})))
        return opened[-1]

    yield open_works
    for works in opened:
        works.close()


def expire(works: Works, *, days: float = 0, **about: Any) -> dict[Retained, int]:
    """So many days later, everything that is due; how many rows of each kind."""
    now = works.clock.now() + days * DAY
    keeper = SqlKeeping(works.database, workspace=lambda: works.workspace, privacy=works.privacy)
    due = {each.kind: each.rows for each in keeper.outdated(now=now)}
    removed = {each.kind: each.rows for each in keeper.expire(now=now, **about)}
    assert about or removed == due
    return removed


def count(works: Works, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    with works.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def follow_up(works: Works, label: str = "ana") -> None:
    """Somebody is asked how it was, and does not answer: ten days go by."""
    works.know(label)
    works.happen("ticket.closed", label, ticket_id="T-1")
    works.play(works.clock.now() + 10 * DAY)
    works.clock.move(MONDAY + 10 * DAY)


def test_texts_go_and_the_lines_of_the_history_stay(found: Founded) -> None:
    works = found("{texts: 30d}")
    follow_up(works)
    before = count(works, touches)
    assert expire(works, days=10) == {Retained.TEXTS: 0}
    assert expire(works, days=35)[Retained.TEXTS] > 0
    assert (count(works, touches), count(works, touch_details), count(works, kept_texts)) == (before, 0, 0)


def test_notes_stay_as_long_as_the_history(found: Founded) -> None:
    works = found("{texts: 30d}")
    works.know("ana")
    with works.database.begin() as connection:
        add_touches(connection, [Touch(at=MONDAY, contact_id=1, kind=Kind.NOTE, private={"text": "likes hiking"})])
    expire(works, days=60)
    assert count(works, touch_details) == 1


def test_events_go_but_not_those_that_may_be_waited_for(found: Founded) -> None:
    works = found("{events: 30d}")
    follow_up(works)
    assert expire(works, days=10) == {Retained.EVENTS: 0}
    assert expire(works, days=35)[Retained.EVENTS] > 0
    assert count(works, events) == 0
    assert len(works.touches(Kind.EVENT)) > 0


def test_a_run_is_emptied_and_its_key_stays_so_that_nobody_enters_twice(found: Founded) -> None:
    works = found("{runs: 30d, events: 30d, touches: 40d}")
    follow_up(works)
    expire(works, days=60)
    with works.database.read() as connection:
        row = connection.execute(sa.select(runs)).mappings().one()
    assert (row["trigger"], row["variables"], row["key"]) == ({}, {}, "T-1")
    sent = works.sent()
    works.clock.move(MONDAY + 60 * DAY)
    works.happen("ticket.closed", "ana", id="again", ticket_id="T-1")
    works.play(MONDAY + 70 * DAY)
    assert works.sent() == sent


def test_a_birthday_whose_traces_are_gone_is_not_kept_twice(found: Founded) -> None:
    works = found("{texts: 1d, events: 30d, runs: 1d, touches: 40d}")
    works.know("ana", birth_date=date(1990, 2, 24))
    works.planner.tick(now=MONDAY)
    works.play(MONDAY + 3 * DAY)
    assert works.sent() == ["ana@example.com"]
    works.clock.move(MONDAY + 60 * DAY)
    expire(works)
    works.people.change(1, {"birth_date": None}, now=works.clock.now())
    works.people.change(1, {"birth_date": (works.clock.now() + DAY).date().replace(year=1990)}, now=works.clock.now())
    works.play(MONDAY + 65 * DAY)
    assert works.sent() == ["ana@example.com"]


def test_a_run_under_way_keeps_all_that_it_needs(found: Founded) -> None:
    works = found("{runs: 2d, touches: 40d, events: 30d, texts: 2d}")
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.planner.advance(now=MONDAY)
    expire(works, days=0.9)
    with works.database.read() as connection:
        assert connection.scalar(sa.select(runs.c.trigger))["ticket_id"] == "T-1"


def test_the_history_goes_with_the_messages_that_it_tells_of(found: Founded) -> None:
    works = found("{touches: 40d}")
    follow_up(works)
    assert expire(works, days=20) == {Retained.TOUCHES: 0}
    expire(works, days=60)
    assert [count(works, table) for table in (touches, touch_details, kept_texts, deliveries)] == [0, 0, 0, 0]
    assert count(works, contacts) == 1


def test_opens_and_clicks_go_before_the_rest(found: Founded) -> None:
    works = found("{opens_clicks: 2d}")
    follow_up(works)
    works.respond(Kind.OPENED, "csat", "ana")
    works.respond(Kind.DELIVERED, "csat", "ana")
    works.settle()
    assert expire(works, days=5) == {Retained.OPENS_CLICKS: 1}
    assert [touch.kind for touch in works.touches(Kind.OPENED, Kind.DELIVERED)] == [Kind.DELIVERED]
    assert count(works, events, events.c.type == "message.opened") == 0


def test_who_gave_no_sign_of_life_is_erased_and_may_come_back(found: Founded) -> None:
    works = found("{inactive_contacts: 60d}")
    works.know("ana", "bor")
    works.clock.move(MONDAY + 50 * DAY)
    works.happen("ticket.reopened", "bor", ticket_id="1")
    assert expire(works, days=20) == {Retained.INACTIVE_CONTACTS: 1}
    assert (works.people.find("ana"), works.people.find("bor") is not None) == (None, True)
    assert count(works, barred) == 0
    works.know("ana")
    assert works.people.find("ana") is not None


def test_who_was_only_written_to_is_inactive_and_whom_something_is_on_its_way_to_is_not(found: Founded) -> None:
    works = found("{inactive_contacts: 20d}")
    follow_up(works)
    assert expire(works, days=5) == {Retained.INACTIVE_CONTACTS: 0}  # the ticket was theirs
    works.clock.move(MONDAY + 40 * DAY)
    works.happen("ticket.closed", "ana", ticket_id="T-2", at=MONDAY + 2 * DAY)
    assert expire(works) == {Retained.INACTIVE_CONTACTS: 0}
    works.play(MONDAY + 50 * DAY)
    works.clock.move(MONDAY + 50 * DAY)
    assert expire(works) == {Retained.INACTIVE_CONTACTS: 1}


def test_it_goes_by_small_batches_and_stops_when_told(found: Founded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 3)
    works = found("{texts: 2d}")
    works.know("ana")
    with works.database.begin() as connection:
        add_touches(connection, [Touch(at=MONDAY, contact_id=1, kind=Kind.SENT, private={"text": str(each)}) for each in range(10)])
    assert expire(works, days=5, most=4) == {Retained.TEXTS: 6}
    assert expire(works, days=5, stopped=lambda: True) == {Retained.TEXTS: 3}
    assert expire(works, days=5) == {Retained.TEXTS: 1}


def test_what_is_not_named_is_kept_for_ever(found: Founded) -> None:
    works = found("{texts: 90d}")
    follow_up(works)
    before = [count(works, table) for table in (touches, events, runs, deliveries, contacts)]
    expire(works, days=4_000)
    assert [count(works, table) for table in (touches, events, runs, deliveries, contacts)] == before
