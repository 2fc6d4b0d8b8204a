"""Where rivals are early, late, silent or twice."""

from __future__ import annotations

from datetime import date

import pytest

from engage.model.history import Kind
from tests.defects.company import BY_DAY_AND_NIGHT, Found, company, got, utc
from tests.small import SETTINGS


@pytest.mark.parametrize(("rule", "kept"), [("feb-28", "2027-02-28 08:00"), ("mar-01", "2027-03-01 08:00")])
def test_a_birthday_on_29_february_is_kept_once_in_2027_on_the_day_configured(found: Found, rule: str, kept: str) -> None:
    works = found(company(f"{{date: birth_date, at: 09:00, leap_day: {rule}}}"), "2027-02-26")
    works.know("ana", birth_date=date(1992, 2, 29))
    works.play(utc("2027-03-04"))
    assert got(works) == [("ana", kept)]


def test_a_birthday_is_kept_on_its_local_day_wherever_the_contact_lives(found: Found) -> None:
    works = found(company("{date: birth_date, at: 09:00}"), "2026-02-26")
    for label, place in (("k", "Pacific/Kiritimati"), ("a", "America/Los_Angeles"), ("n", "Asia/Kathmandu")):
        works.know(label, birth_date=date(1990, 2, 28), timezone=place)
    works.play(utc("2026-03-03"))
    assert got(works) == [("k", "2026-02-27 19:00"), ("n", "2026-02-28 03:15"), ("a", "2026-02-28 17:00")]


def test_a_date_that_only_fills_a_field_is_nobodys_birthday(found: Found) -> None:
    works = found(company("{date: birth_date, at: 09:00}"), "2025-12-31")
    for label, born in (("a", date(1970, 1, 1)), ("b", date(1900, 1, 1)), ("c", date(1991, 1, 1))):
        works.know(label, birth_date=born)
    works.play(utc("2026-01-03"))
    assert got(works) == [("c", "2026-01-01 08:00")]


def test_quiet_hours_over_midnight_put_off_to_the_morning(found: Found) -> None:
    night = SETTINGS.replace("{from: 21:00, to: 08:00}", "{from: 20:00, to: 08:00}")
    works = found(company("{event: ticket.closed}", settings=night), "2026-03-02 22:10")
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-04"))
    assert got(works, Kind.DEFERRED, Kind.SENT) == [("ana", "2026-03-02 22:10"), ("ana", "2026-03-03 07:00")]


@pytest.mark.parametrize(("at", "place", "day", "moment"), [
    ("02:30", "Europe/Ljubljana", date(1990, 3, 29), "2026-03-29 01:30"),
    ("01:30", "America/New_York", date(1990, 11, 1), "2026-11-01 05:30"),
])
def test_an_hour_that_a_clock_skips_or_repeats_comes_once(found: Found, at: str, place: str, day: date, moment: str) -> None:
    works = found(company(f"{{date: birth_date, at: '{at}'}}", settings=BY_DAY_AND_NIGHT), f"2026-{day:%m}-01")
    works.know("ana", birth_date=day, timezone=place)
    works.play(utc(moment).replace(hour=23))
    assert got(works) == [("ana", moment)]


def test_mondays_at_eight_in_the_evening_are_mondays_where_the_contact_lives(found: Found) -> None:
    works = found(company('{schedule: "0 20 * * mon", in: contact}'), "2026-03-01")
    works.know("ana", timezone="America/Los_Angeles")
    works.play(utc("2026-03-08"))
    assert got(works) == [("ana", "2026-03-03 04:00")]


def test_a_wait_for_monday_morning_ends_on_monday_morning_in_tokyo(found: Found) -> None:
    waits = 'steps: [{wait: {until: "08:30", days: [mon]}}, {send: wishes}]'
    works = found(company("{event: ticket.closed}", waits), "2026-03-01 12:00")
    works.know("ana", timezone="Asia/Tokyo")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-10"))
    assert got(works) == [("ana", "2026-03-01 23:30")]


def test_one_contact_with_a_zone_that_does_not_exist_stops_nobody_else(found: Found) -> None:
    works = found(company('{schedule: "0 10 * * mon", in: contact}'), "2026-03-01")
    works.know("broken", timezone="Foo/Bar")
    works.know(*(f"p{number}" for number in range(50)))
    works.play(utc("2026-03-03"))
    assert len(got(works)) == 50
    assert works.operations.status(now=works.clock.now())["held"] == {"zone": 1}


def test_who_may_live_in_several_zones_is_written_to_when_it_is_day_in_all(found: Found) -> None:
    works = found(company("{event: ticket.closed}"), "2026-03-02 12:00")
    works.know("ana", timezone=None, country="US")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-04"))
    assert got(works) == [("ana", "2026-03-02 18:00")]


def test_what_nobody_worked_on_until_it_had_expired_is_not_sent_and_each_says_so(found: Found) -> None:
    works = found(company("{date: birth_date, at: 08:00}", more="expires: 2h\n"), "2026-03-02 06:00")
    works.know("ana", "bor", birth_date=date(1990, 3, 2))
    works.planner.tick(now=works.clock.now())
    works.clock.move(utc("2026-03-02 12:00"))
    works.settle()
    assert works.sent() == []
    assert [name for name, _ in got(works, Kind.EXPIRED)] == ["ana", "bor"]


@pytest.mark.parametrize(("late", "moments"), [
    ("skip", ["2026-03-02 09:00"]), ("now", ["2026-03-02 05:00", "2026-03-02 09:00"]),
    ("next_day", ["2026-03-02 09:00", "2026-03-03 01:00"]),
])
def test_whose_hour_had_passed_when_a_broadcast_went_live_is_skipped_or_late(found: Found, late: str, moments: list[str]) -> None:
    works = found(company(f"{{schedule: 2026-03-02 10:00, in: contact, late: {late}}}"), "2026-03-02 05:00")
    works.know("tokyo", timezone="Asia/Tokyo")
    works.know("ljubljana")
    works.play(utc("2026-03-05"))
    assert [moment for _, moment in got(works)] == moments
