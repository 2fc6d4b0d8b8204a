"""Date triggers as slots."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any

import pytest

from engage.model.triggers import DateTrigger, DayOff, LeapDay, Repeat
from engage.planning.occurrences import date_slots, late_date_slots, needs_country, next_occurrence
from engage.planning.slots import DateMatch, Residence, Slot
from tests.builders import a_ticket_campaign

HERE = "Europe/Ljubljana"
ZONES = {"*UZ": ("Asia/Samarkand", "Asia/Tashkent"), "*US": ("America/New_York", "Pacific/Honolulu"), "!": ()}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def zones_of(key: str) -> tuple[str, ...]:
    return ZONES.get(key, (key,))


def birthday(**changes: Any) -> DateTrigger:
    return DateTrigger(**{"attribute": "birth_date", "at": time(9), **changes})


def slots(trigger: DateTrigger, after: str, until: str, *where: str, country: str | None = None) -> tuple[Slot, ...]:
    residences = [Residence(zone_key=key, country=country) for key in where or (HERE,)]
    return date_slots(trigger, residences=residences, after=utc(after), until=utc(until), zones_of=zones_of)


def days(found: tuple[Slot, ...]) -> set[tuple[int | None, int | None, int]]:
    """The stored dates that match: year (where it must be one), month, day."""
    return {(slot.match.year, slot.match.month, slot.match.day) for slot in found if slot.match}


def keeps(trigger: DateTrigger, stored: date, found: tuple[Slot, ...]) -> list[Slot]:
    """The slots by which a stored date enters, as a store reads a match."""
    def fits(match: DateMatch) -> bool:
        return (
            match.day == stored.day and match.month in (None, stored.month) and match.year in (None, stored.year)
            and match.base_year - stored.year >= max(0, match.min_years)
        )
    return [slot for slot in found if slot.match and fits(slot.match)]


def test_a_birthday_comes_at_its_hour_where_the_contact_lives() -> None:
    found = slots(birthday(), "2026-02-27T12:00", "2026-02-28T12:00")
    assert [(slot.at, slot.key, slot.trigger) for slot in found] == [
        (utc("2026-02-28T08:00"), "birth_date:2026", {"date": "2026-02-28"})] * 2
    assert days(found) == {(None, 2, 28), (None, 2, 29)}


def test_windows_are_open_at_their_beginning_and_closed_at_their_end() -> None:
    assert slots(birthday(), "2026-03-02T07:00", "2026-03-02T08:00")
    assert not slots(birthday(), "2026-03-02T08:00", "2026-03-02T09:00")
    assert not slots(birthday(), "2026-03-02T08:00", "2026-03-02T08:00")


def test_windows_one_after_the_other_find_each_day_once() -> None:
    edges = [f"2026-03-{day:02d}T{hour:02d}:00" for day in range(27, 32) for hour in range(24)]
    found = [slot for start, end in pairwise(edges) for slot in slots(birthday(), start, end, HERE, "Asia/Beirut")]
    assert len(found) == len({(slot.trigger["date"], slot.residence) for slot in found}) == 10


def test_every_place_has_its_own_day() -> None:
    found = slots(birthday(), "2026-02-27T12:00", "2026-03-01T00:00", "Pacific/Kiritimati", "Pacific/Pago_Pago")
    firsts = [(slot.residence.zone_key, slot.at) for slot in found if slot.residence and slot.match and slot.match.day == 28]
    assert firsts == [("Pacific/Kiritimati", utc("2026-02-27T19:00")), ("Pacific/Pago_Pago", utc("2026-02-28T20:00"))]


def test_where_several_zones_may_be_meant_the_last_one_counts() -> None:
    (found,) = slots(birthday(), "2026-03-02T00:00", "2026-03-02T23:00", "*US")
    assert found.at == utc("2026-03-02T19:00")


def test_contacts_with_a_broken_zone_go_by_the_default() -> None:
    (found,) = date_slots(
        birthday(), residences=[Residence(zone_key="!")], after=utc("2026-03-02T00:00"), until=utc("2026-03-02T23:00"), zones_of=zones_of,
        default_zone=HERE,
    )
    assert found.at == utc("2026-03-02T08:00")


@pytest.mark.parametrize(("day", "at"), [
    pytest.param("2026-03-29", "2026-03-29T01:30", id="in a gap: after it"),
    pytest.param("2026-10-25", "2026-10-25T00:30", id="in an overlap: the first time, once"),
])
def test_an_hour_that_the_clock_skips_or_repeats_comes_once(day: str, at: str) -> None:
    found = slots(birthday(at=time(2, 30)), f"{day}T00:00", f"{day}T12:00")
    assert [slot.at for slot in found] == [utc(at)]


def test_birthdays_on_a_day_that_does_not_exist_are_kept_on_the_next() -> None:
    found = slots(birthday(), "2011-12-29T20:00", "2011-12-31T12:00", "Pacific/Apia")
    assert days(found) == {(None, 12, 30), (None, 12, 31)}
    assert {slot.at for slot in found} == {utc("2011-12-30T19:00")}


@pytest.mark.parametrize(("rule", "year", "kept"), [
    (LeapDay.FEB_28, 2026, date(2026, 2, 28)), (LeapDay.MAR_01, 2026, date(2026, 3, 1)), (LeapDay.SKIP, 2026, None),
    (LeapDay.FEB_28, 2028, date(2028, 2, 29)), (LeapDay.MAR_01, 2028, date(2028, 2, 29)), (LeapDay.SKIP, 2028, date(2028, 2, 29)),
    (LeapDay.FEB_28, 2100, date(2100, 2, 28)), (LeapDay.MAR_01, 2100, date(2100, 3, 1)), (LeapDay.SKIP, 2100, None),
])
def test_a_leap_days_birthday_is_kept_by_the_rule_once_a_year(rule: LeapDay, year: int, kept: date | None) -> None:
    trigger = birthday(leap_day=rule)
    found = keeps(trigger, date(1992, 2, 29), slots(trigger, f"{year}-01-01T00:00", f"{year}-12-31T12:00"))
    assert [slot.trigger["date"] for slot in found] == ([kept.isoformat()] if kept else [])


def test_every_other_birthday_is_kept_once_a_year() -> None:
    trigger = birthday()
    found = slots(trigger, "2026-01-01T00:00", "2026-12-31T22:00")
    for stored in (date(1990, 1, 1), date(1990, 2, 28), date(1990, 3, 1), date(1990, 12, 31)):
        assert [slot.trigger["date"] for slot in keeps(trigger, stored, found)] == [f"2026-{stored:%m-%d}"]


def test_years_are_counted_from_the_occurrence() -> None:
    (found,) = slots(birthday(min_years=1), "2026-03-02T00:00", "2026-03-02T23:00")
    assert found.match is not None
    assert (found.match.base_year, found.match.min_years) == (2026, 1)


def test_an_offset_moves_the_day_and_neither_the_date_nor_its_year() -> None:
    found = slots(birthday(offset_days=-3), "2026-12-29T00:00", "2026-12-29T23:00")
    assert [(slot.at, slot.key, slot.trigger["date"]) for slot in found] == [(utc("2026-12-29T08:00"), "birth_date:2027", "2027-01-01")]


def test_the_leap_day_rule_comes_before_the_offset() -> None:
    found = slots(birthday(offset_days=1), "2026-03-01T00:00", "2026-03-01T23:00")
    assert days(found) == {(None, 2, 28), (None, 2, 29)}


def test_a_day_off_moves_the_entry_to_a_working_day_of_the_country() -> None:
    trigger = birthday(day_off=DayOff.AFTER)
    assert not slots(trigger, "2026-03-07T00:00", "2026-03-08T23:00", country="SI")
    monday = slots(trigger, "2026-03-09T00:00", "2026-03-09T23:00", country="SI")
    assert days(monday) == {(None, 3, 7), (None, 3, 8), (None, 3, 9)}
    sunday = slots(trigger, "2026-03-08T00:00", "2026-03-08T23:00", "Asia/Riyadh", country="SA")
    assert days(sunday) == {(None, 3, 6), (None, 3, 7), (None, 3, 8)}
    friday = slots(birthday(day_off=DayOff.BEFORE), "2026-03-06T00:00", "2026-03-06T23:00", country="SI")
    assert days(friday) == {(None, 3, 6), (None, 3, 7), (None, 3, 8)}


def test_days_off_move_what_the_offset_has_moved_before() -> None:
    trigger = birthday(offset_days=-3, day_off=DayOff.BEFORE)
    friday = slots(trigger, "2026-03-06T00:00", "2026-03-06T23:00", country="SI")
    assert days(friday) == {(None, 3, 9), (None, 3, 10), (None, 3, 11)}


def test_with_days_off_every_birthday_is_still_kept_once() -> None:
    trigger = birthday(day_off=DayOff.BEFORE)
    found = slots(trigger, "2025-12-15T00:00", "2026-12-31T22:00", country="GB")
    for month, day in ((1, 1), (4, 3), (12, 25), (12, 28), (7, 14)):
        kept = [slot for slot in keeps(trigger, date(1990, month, day), found) if slot.key == "birth_date:2026"]
        assert len(kept) == 1


def test_a_date_that_comes_once_matches_its_very_value() -> None:
    found = slots(birthday(repeat=Repeat.ONCE), "2026-03-02T00:00", "2026-03-02T23:00")
    assert [slot.key for slot in found] == ["birth_date:2026-03-02"]
    assert days(found) == {(2026, 3, 2)}


@pytest.mark.parametrize(("stored", "kept"), [
    pytest.param(date(2025, 5, 31), ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"], id="the 31st takes the month's last day"),
    pytest.param(date(2025, 5, 29), ["01-29", "02-28", "03-29", "04-29", "05-29", "06-29"], id="the 29th in February"),
    pytest.param(date(2024, 2, 29), ["01-29", "02-28", "03-29", "04-29", "05-29", "06-29"], id="a leap day"),
    pytest.param(date(2025, 5, 15), ["01-15", "02-15", "03-15", "04-15", "05-15", "06-15"], id="the 15th"),
    pytest.param(date(2026, 3, 15), ["03-15", "04-15", "05-15", "06-15"], id="not before the date itself"),
    pytest.param(date(2026, 7, 15), [], id="not yet"),
])
def test_a_monthly_date_recurs_each_month_once(stored: date, kept: list[str]) -> None:
    trigger = birthday(repeat=Repeat.MONTHLY)
    found = keeps(trigger, stored, slots(trigger, "2026-01-01T00:00", "2026-06-30T12:00"))
    assert [str(slot.trigger["date"])[5:] for slot in found] == kept
    assert len({slot.key for slot in found}) == len(found)


def test_years_of_a_monthly_date_are_those_that_have_passed() -> None:
    trigger = birthday(repeat=Repeat.MONTHLY, min_years=1)
    found = slots(trigger, "2026-03-15T00:00", "2026-03-15T12:00")
    assert keeps(trigger, date(2025, 3, 15), found)
    assert not keeps(trigger, date(2025, 4, 15), found)


def late(trigger: DateTrigger, now: str, *where: str, country: str | None = None) -> list[tuple[str, str]]:
    residences = [Residence(zone_key=key, country=country) for key in where or (HERE,)]
    found = late_date_slots(trigger, residences=residences, changed_since=utc("2026-02-01T00:00"), now=utc(now), zones_of=zones_of)
    assert all(slot.changed_since == utc("2026-02-01T00:00") for slot in found)
    return sorted({(slot.at.strftime("%m-%dT%H:%M"), str(slot.trigger["date"])) for slot in found})


def test_who_is_imported_after_the_hour_but_on_the_day_enters_as_of_that_hour() -> None:
    assert late(birthday(), "2026-03-02T15:00") == [("03-02T08:00", "2026-03-02")]
    assert late(birthday(), "2026-03-02T07:00") == []
    assert late(birthday(), "2026-03-02T23:30") == []


def test_an_entry_ahead_of_its_date_is_made_up_for_until_the_date_ends() -> None:
    assert late(birthday(offset_days=-2), "2026-03-02T15:00") == [
        ("02-28T08:00", "2026-03-02"), ("03-01T08:00", "2026-03-03"), ("03-02T08:00", "2026-03-04")]
    assert late(birthday(offset_days=2), "2026-03-02T15:00") == []


def test_an_entry_that_a_day_off_put_ahead_is_made_up_for_as_well() -> None:
    assert late(birthday(day_off=DayOff.BEFORE), "2026-03-07T15:00", country="SI") == [
        ("03-06T08:00", "2026-03-07"), ("03-06T08:00", "2026-03-08")]


def test_the_next_look_is_at_the_next_hour_of_anybody() -> None:
    where = [Residence(zone_key=key) for key in (HERE, "Asia/Kathmandu")]
    assert next_occurrence(birthday(), residences=where, after=utc("2026-03-02T04:00"), zones_of=zones_of) == utc("2026-03-02T08:00")
    assert next_occurrence(birthday(), residences=where, after=utc("2026-03-02T08:00"), zones_of=zones_of) == utc("2026-03-03T03:15")
    assert next_occurrence(birthday(), residences=[], after=utc("2026-03-02T08:00"), zones_of=zones_of) is None


def test_an_event_lets_nobody_in_by_time_alone() -> None:
    trigger = a_ticket_campaign().trigger
    assert next_occurrence(trigger, residences=[Residence(zone_key=HERE)], after=utc("2026-03-02T08:00"), zones_of=zones_of) is None
    assert not needs_country(trigger)
    assert needs_country(birthday(day_off=DayOff.AFTER))
