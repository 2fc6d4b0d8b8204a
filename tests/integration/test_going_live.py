"""Campaigns that are paused, taken back and made live again by their files, and people who come to be known late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from engage.model.history import Kind
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.small import FILES, SETTINGS, small_workspace

TUESDAY = MONDAY + timedelta(days=1)
BIRTHDAY = FILES["campaigns/birthday.yaml"].replace("expires: end_of_day", "expires: 7d")
BORN = date(1990, 2, 24)


def with_birthday(text: str) -> dict[str, str | None]:
    return {"campaigns/birthday.yaml": text, "campaigns/newsletter.yaml": None}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**with_birthday(BIRTHDAY)))
    yield made
    made.close()


def test_what_its_file_pauses_is_held_and_goes_on_when_the_file_says_live_again(works: Works) -> None:
    works.know("ana", birth_date=BORN)
    works.settle()
    works.clock.move(TUESDAY)
    works.planner.tick(now=TUESDAY)
    works.planner.advance(now=TUESDAY)
    works.accept(small_workspace(**with_birthday(BIRTHDAY.replace("live", "paused"))))
    works.settle()
    assert (works.sent(), works.touches(Kind.CANCELLED)) == ([], [])
    works.accept(small_workspace(**with_birthday(BIRTHDAY + "# live again\n")))
    works.settle()
    assert works.sent() == ["ana@example.com"]


@pytest.mark.parametrize("rest", [
    pytest.param(with_birthday(BIRTHDAY.replace("live", "draft")), id="a draft"),
    pytest.param({**with_birthday(BIRTHDAY), "campaigns/birthday.yaml": None}, id="taken out"),
    pytest.param(with_birthday(BIRTHDAY + "valid: {until: 2026-02-23}\n"), id="over"),
])
def test_what_fell_due_while_a_campaign_was_not_live_is_not_made_up_for(works: Works, rest: dict[str, str | None]) -> None:
    works.know("ana", birth_date=BORN)
    works.settle()
    works.accept(small_workspace(**rest))
    works.play(TUESDAY)
    works.clock.move(TUESDAY + timedelta(hours=1))
    works.accept(small_workspace(**with_birthday(BIRTHDAY + "# live again\n")))
    works.know("bor", birth_date=BORN + timedelta(days=1))
    works.play(TUESDAY + timedelta(days=2))
    assert works.sent() == ["bor@example.com"]


def test_what_an_outage_delayed_is_made_up_for(works: Works) -> None:
    works.know("ana", birth_date=BORN)
    works.settle()
    works.clock.move(TUESDAY)
    works.settle()
    assert works.sent() == ["ana@example.com"]


def test_an_import_whose_rows_are_committed_after_a_tick_misses_no_date_of_today(works: Works) -> None:
    works.play(TUESDAY)
    begun = TUESDAY + timedelta(minutes=1)
    works.clock.move(begun + timedelta(minutes=2))
    works.settle()
    works.clock.move(begun)
    works.know("ana", birth_date=BORN)
    works.clock.move(begun + timedelta(minutes=3))
    works.settle()
    assert works.sent() == ["ana@example.com"]


def test_somebody_who_enters_late_and_exits_at_once_does_so_once(database: Database) -> None:
    works = Works(database, small_workspace(**with_birthday(BIRTHDAY + "exit: {when: contact.plan is none}\n")))
    works.play(TUESDAY)
    works.clock.move(TUESDAY + timedelta(minutes=1))
    works.know("ana", birth_date=BORN)
    for minute in range(2, 5):
        works.clock.move(TUESDAY + timedelta(minutes=minute))
        works.settle()
    works.close()
    assert len(works.touches(Kind.EXITED)) == 1


def test_somebody_known_before_a_campaign_went_live_does_not_enter_for_an_hour_that_had_passed(database: Database) -> None:
    works = Works(database, small_workspace(), at=TUESDAY)
    works.know("ana", birth_date=BORN)
    works.clock.move(TUESDAY + timedelta(minutes=5))
    works.settle()
    works.settle()
    works.close()
    assert works.sent() == []


def test_an_audience_above_the_guard_is_held_also_where_its_hour_comes_zone_by_zone(database: Database) -> None:
    guarded = SETTINGS + "guards: {max_audience: 3}\n"
    works = Works(database, small_workspace(**{"engage.yaml": guarded}), at=MONDAY)
    works.know("a", "b", birth_date=date(1990, 2, 24), timezone="Asia/Tokyo", country="JP")
    works.know("c", "d", birth_date=date(1990, 2, 24))
    works.play(MONDAY + timedelta(days=2))
    assert sorted(works.sent()) == ["a@example.com", "b@example.com"]
    assert works.operations.status(now=works.clock.now())["held"] == {}
    assert [touch.kind for touch in works.touches(Kind.EXPIRED)] == [Kind.EXPIRED, Kind.EXPIRED]
    works.close()


def test_a_clock_that_jumps_stops_where_the_first_day_of_a_campaign_begins(sqlite_url: str) -> None:
    text = BIRTHDAY + "valid: {from: 2026-03-02, until: 2026-03-04}\n"
    database = Database.open(sqlite_url)
    works = Works(database, small_workspace(**with_birthday(text)))
    works.know("early", birth_date=date(1990, 3, 1))
    works.know("ana", birth_date=date(1990, 3, 2))
    works.know("late", birth_date=date(1990, 3, 5))
    works.play(MONDAY + timedelta(days=20))
    assert works.sent() == ["ana@example.com"]
    works.close()
    database.close()
