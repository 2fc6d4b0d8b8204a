"""Schedule triggers as slots."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from engage.model.triggers import DayOff, Late, ScheduleTrigger
from engage.planning.occurrences import next_occurrence, schedule_slots
from engage.planning.slots import Residence, Slot

HERE = "Europe/Ljubljana"
ZONES = {"*US": ("America/New_York", "Pacific/Honolulu"), "!": ()}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def zones_of(key: str) -> tuple[str, ...]:
    return ZONES.get(key, (key,))


def cron(line: str, **changes: Any) -> ScheduleTrigger:
    return ScheduleTrigger(**{"cron": line, "zone": HERE, **changes})


def slots(
    trigger: ScheduleTrigger, after: str, until: str, *where: str, country: str | None = None, went_live: str | None = None,
) -> tuple[Slot, ...]:
    residences = [Residence(zone_key=key, country=country) for key in where or (HERE,)]
    live = utc(went_live) if went_live else None
    return schedule_slots(trigger, residences=residences, after=utc(after), until=utc(until), zones_of=zones_of, went_live=live)


def moments(found: tuple[Slot, ...]) -> list[str]:
    return [slot.at.strftime("%m-%dT%H:%M") for slot in found]


def test_everybody_enters_at_the_hour_of_the_schedules_zone() -> None:
    (found,) = slots(cron("0 10 * * mon"), "2026-03-01T00:00", "2026-03-08T00:00", HERE, "Asia/Manila")
    assert (found.at, found.key, found.trigger) == (utc("2026-03-02T09:00"), "2026-03-02T10:00:00", {"at": "2026-03-02T10:00:00"})
    assert found.residence is None


def test_in_contact_everybody_enters_at_that_hour_where_they_live() -> None:
    found = slots(cron("0 10 * * mon", zone=None), "2026-03-01T00:00", "2026-03-08T00:00", HERE, "Asia/Manila", "*US", "!")
    assert [(slot.residence.zone_key, slot.at) for slot in found if slot.residence] == [
        ("Asia/Manila", utc("2026-03-02T02:00")), (HERE, utc("2026-03-02T09:00")), ("!", utc("2026-03-02T10:00")),
        ("*US", utc("2026-03-02T20:00")),
    ]
    assert {slot.key for slot in found} == {"2026-03-02T10:00:00"}


@pytest.mark.parametrize(("line", "place", "window", "expected"), [
    pytest.param(
        "30 2 * * *", HERE, ("2026-03-28T12:00", "2026-03-30T12:00"), ["03-29T01:30", "03-30T00:30"], id="an hour that is skipped",
    ),
    pytest.param(
        "30 2 * * *", HERE, ("2026-10-24T12:00", "2026-10-26T12:00"), ["10-25T00:30", "10-26T01:30"], id="an hour that comes twice",
    ),
    pytest.param(
        "0 0 * * *", "Asia/Beirut", ("2026-03-28T00:00", "2026-03-30T00:00"), ["03-28T22:00", "03-29T21:00"], id="a missing midnight",
    ),
    pytest.param(
        "30 23 * * *", "Africa/Cairo", ("2026-10-29T12:00", "2026-10-30T23:00"), ["10-29T20:30", "10-30T21:30"], id="a double evening",
    ),
    pytest.param(
        "30 * * * *", HERE, ("2026-03-29T00:00", "2026-03-29T03:00"), ["03-29T00:30", "03-29T01:30", "03-29T02:30"], id="hourly, in a gap",
    ),
    pytest.param(
        "0 9 L * *", HERE, ("2026-01-01T00:00", "2026-04-01T00:00"), ["01-31T08:00", "02-28T08:00", "03-31T07:00"], id="the last of months",
    ),
    pytest.param("0 9 * * 0", HERE, ("2026-03-01T00:00", "2026-03-09T00:00"), ["03-01T08:00", "03-08T08:00"], id="Sunday is 0"),
    pytest.param("0 9 * * 7", HERE, ("2026-03-01T00:00", "2026-03-09T00:00"), ["03-01T08:00", "03-08T08:00"], id="Sunday is 7"),
    pytest.param("0 9 13 * fri", HERE, ("2026-03-01T00:00", "2026-03-14T00:00"), ["03-06T08:00", "03-13T08:00"], id="either day will do"),
    pytest.param(
        "0,30 9-10 2 mar *", HERE, ("2026-03-01T00:00", "2026-03-03T00:00"), ["03-02T08:00", "03-02T08:30", "03-02T09:00", "03-02T09:30"],
        id="lists, ranges, names",
    ),
    pytest.param("*/20 9 2 3 *", HERE, ("2026-03-01T00:00", "2026-03-03T00:00"), ["03-02T08:00", "03-02T08:20", "03-02T08:40"], id="steps"),
    pytest.param("0 9 29 2 *", HERE, ("2027-01-01T00:00", "2028-12-31T00:00"), ["02-29T08:00"], id="a leap day"),
])
def test_a_cron_line_comes_round_once_each_time(line: str, place: str, window: tuple[str, str], expected: list[str]) -> None:
    assert moments(slots(cron(line, zone=place), *window)) == expected


def test_moments_come_at_their_wall_time() -> None:
    trigger = ScheduleTrigger(moments=(datetime.fromisoformat("2026-03-29T02:30"), datetime.fromisoformat("2026-03-30T10:00")), zone=HERE)
    assert moments(slots(trigger, "2026-03-28T00:00", "2026-03-31T00:00")) == ["03-29T01:30", "03-30T08:00"]


def test_a_missing_day_loses_no_occurrence() -> None:
    found = slots(cron("0 9 30 12 *", zone=None), "2011-12-29T00:00", "2012-01-02T00:00", "Pacific/Apia")
    assert moments(found) == ["12-30T19:00"]


def test_windows_one_after_the_other_find_each_occurrence_once() -> None:
    edges = [f"2026-03-{day:02d}T{hour:02d}:00" for day in range(28, 31) for hour in range(24)]
    trigger = cron("15 * * * *")
    pieces = [at for start, end in pairwise(edges) for at in moments(slots(trigger, start, end))]
    assert pieces == moments(slots(trigger, edges[0], edges[-1]))


def test_days_off_move_an_occurrence_by_the_contacts_country_and_two_moved_to_one_hour_are_one() -> None:
    trigger = cron("0 10 * * *", day_off=DayOff.AFTER)
    assert moments(slots(trigger, "2026-03-06T12:00", "2026-03-10T00:00", country="SI")) == ["03-09T09:00"]
    assert moments(slots(trigger, "2026-03-06T12:00", "2026-03-10T00:00", country="SA")) == ["03-08T09:00", "03-09T09:00"]
    saturdays = cron("0 10 * * sat", day_off=DayOff.BEFORE)
    assert moments(slots(saturdays, "2026-03-05T00:00", "2026-03-10T00:00", country="SI")) == ["03-06T09:00"]


def test_nothing_comes_of_before_the_campaign_went_live() -> None:
    trigger = cron("0 10 * * *")
    assert moments(slots(trigger, "2026-03-02T00:00", "2026-03-03T12:00", went_live="2026-03-02T12:00")) == ["03-03T09:00"]


NEWS = datetime.fromisoformat("2026-03-02T10:00")
EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"


@pytest.mark.parametrize(("late", "expected"), [
    (Late.SKIP, {HERE: "03-02T09:00", WEST: "03-02T21:00"}),
    (Late.NOW, {EAST: "03-02T00:00", HERE: "03-02T09:00", WEST: "03-02T21:00"}),
    (Late.NEXT_DAY, {EAST: "03-02T20:00", HERE: "03-02T09:00", WEST: "03-02T21:00"}),
])
def test_whose_hour_had_passed_when_the_campaign_went_live_skip_it_or_enter_late(late: Late, expected: dict[str, str]) -> None:
    trigger = ScheduleTrigger(moments=(NEWS,), late=late)
    found = slots(trigger, "2026-03-02T00:00", "2026-03-04T00:00", EAST, HERE, WEST, went_live="2026-03-02T00:00")
    assert {slot.residence.zone_key: at for slot, at in zip(found, moments(found), strict=True) if slot.residence} == expected


def test_who_is_past_the_next_days_hour_too_enters_at_that_hour_of_the_day_after() -> None:
    trigger = ScheduleTrigger(moments=(NEWS,), late=Late.NEXT_DAY)
    found = slots(trigger, "2026-03-03T02:00", "2026-03-05T00:00", EAST, WEST, went_live="2026-03-03T02:00")
    assert {slot.residence.zone_key: slot.key for slot in found if slot.residence} == {
        EAST: "2026-03-04T10:00:00", WEST: "2026-03-03T10:00:00"}


def test_late_is_about_a_day_that_has_not_ended_for_all() -> None:
    weekly = cron("0 10 * * mon", late=Late.NOW)
    assert moments(slots(weekly, "2026-03-02T12:00", "2026-03-02T13:00", went_live="2026-03-02T12:00")) == ["03-02T12:00"]
    assert moments(slots(weekly, "2026-03-03T12:00", "2026-03-03T13:00", went_live="2026-03-03T12:00")) == []


def test_who_enters_late_the_next_day_does_not_enter_that_days_own_occurrence_as_well() -> None:
    daily = cron("0 10 * * *", late=Late.NEXT_DAY)
    found = slots(daily, "2026-03-02T12:00", "2026-03-03T12:00", went_live="2026-03-02T12:00")
    assert {slot.key for slot in found} == {"2026-03-03T10:00:00"}


def test_of_several_hours_that_had_passed_the_last_counts() -> None:
    hourly = cron("0 * * * *", late=Late.NOW)
    found = slots(hourly, "2026-03-02T12:30", "2026-03-02T12:45", went_live="2026-03-02T12:30")
    assert [slot.key for slot in found] == ["2026-03-02T13:00:00"]


@pytest.mark.parametrize(("trigger", "after", "expected"), [
    pytest.param(cron("0 10 * * mon"), "2026-03-02T08:59", "2026-03-02T09:00", id="the same day"),
    pytest.param(cron("0 10 * * mon"), "2026-03-02T09:00", "2026-03-09T09:00", id="strictly after"),
    pytest.param(cron("0 9 29 2 *"), "2096-03-01T00:00", "2104-02-29T08:00", id="eight years without a leap day"),
    pytest.param(ScheduleTrigger(moments=(NEWS,), zone=HERE), "2020-01-01T00:00", "2026-03-02T09:00", id="years ahead"),
    pytest.param(ScheduleTrigger(moments=(NEWS,), zone=HERE), "2026-03-02T09:00", None, id="never again"),
    pytest.param(ScheduleTrigger(moments=(NEWS,)), "2026-03-01T00:00", "2026-03-01T20:00", id="the first place on earth"),
    pytest.param(ScheduleTrigger(moments=(NEWS,)), "2026-03-02T09:00", "2026-03-02T21:00", id="the last"),
])
def test_the_next_occurrence_is_the_first_of_any_place(trigger: ScheduleTrigger, after: str, expected: str | None) -> None:
    where = [Residence(zone_key=key) for key in (EAST, HERE, WEST)]
    found = next_occurrence(trigger, residences=where, after=utc(after), zones_of=zones_of)
    assert found == (utc(expected) if expected else None)
