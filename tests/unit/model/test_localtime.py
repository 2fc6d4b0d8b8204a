"""Wall clocks, through every kind of change that the zone data knows."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime

import pytest

from engage.model.localtime import (
    UnknownZoneError,
    add,
    add_everywhere,
    date_everywhere,
    end_of_day,
    end_of_day_everywhere,
    known,
    latest,
    local,
    local_date,
    to_utc,
    zone,
    zone_names,
    zones_of,
)
from engage.model.time import Duration, Zones, ZoneSource
from tests.builders import zones

BROKEN = Zones(key="!", names=(), source=ZoneSource.BROKEN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("name", "wall", "instant"), [
    pytest.param("Europe/Ljubljana", "2026-02-28T09:00", "2026-02-28T08:00", id="a common winter morning"),
    pytest.param("Europe/Ljubljana", "2026-07-01T09:00", "2026-07-01T07:00", id="a common summer morning"),
    pytest.param("Europe/Ljubljana", "2026-03-29T02:30", "2026-03-29T01:30", id="a skipped hour moves forward by the gap"),
    pytest.param("Europe/Ljubljana", "2026-03-29T02:00", "2026-03-29T01:00", id="the first minute of a gap"),
    pytest.param("Europe/Ljubljana", "2026-03-29T03:00", "2026-03-29T01:00", id="the first minute after a gap"),
    pytest.param("Europe/Ljubljana", "2026-10-25T02:30", "2026-10-25T00:30", id="of an hour that comes twice the first"),
    pytest.param("Europe/Ljubljana", "2026-10-25T03:00", "2026-10-25T02:00", id="the first minute after an overlap"),
    pytest.param("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30", id="the American gap"),
    pytest.param("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", id="the American overlap"),
    pytest.param("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:40", id="a gap of half an hour"),
    pytest.param("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", id="an overlap of half an hour"),
    pytest.param("Asia/Kolkata", "2026-03-01T09:00", "2026-03-01T03:30", id="five hours and a half"),
    pytest.param("Asia/Kathmandu", "2026-03-01T09:00", "2026-03-01T03:15", id="five hours and three quarters"),
    pytest.param("Pacific/Chatham", "2026-03-01T09:00", "2026-02-28T19:15", id="thirteen hours and three quarters"),
    pytest.param("Australia/Eucla", "2026-03-01T09:00", "2026-03-01T00:15", id="eight hours and three quarters"),
    pytest.param("Asia/Beirut", "2026-03-29T00:00", "2026-03-28T22:00", id="a midnight that does not exist"),
    pytest.param("Asia/Beirut", "2026-03-29T00:30", "2026-03-28T22:30", id="half past a midnight that does not exist"),
    pytest.param("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00", id="Cairo's midnight that does not exist"),
    pytest.param("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30", id="an evening hour that comes twice"),
    pytest.param("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00", id="Santiago's midnight that does not exist"),
    pytest.param("America/Havana", "2026-11-01T00:30", "2026-11-01T04:30", id="a first hour of the day that comes twice"),
    pytest.param("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T19:00", id="a day that does not exist becomes the next"),
    pytest.param("Pacific/Apia", "2011-12-31T09:00", "2011-12-30T19:00", id="the day after it is the same moment"),
    pytest.param("Pacific/Kiritimati", "2026-02-28T09:00", "2026-02-27T19:00", id="the first place where a day begins"),
    pytest.param("Pacific/Pago_Pago", "2026-02-28T09:00", "2026-02-28T20:00", id="one of the last"),
    pytest.param("Africa/Casablanca", "2026-02-20T09:00", "2026-02-20T09:00", id="summer time set aside for Ramadan"),
    pytest.param("America/Vancouver", "2026-12-15T09:00", "2026-12-15T16:00", id="British Columbia keeps summer time from 2026"),
    pytest.param("America/Winnipeg", "2026-12-15T09:00", "2026-12-15T14:00", id="so does Manitoba"),
    pytest.param("America/Asuncion", "2026-07-15T09:00", "2026-07-15T12:00", id="Paraguay's permanent summer time"),
    pytest.param("Europe/Kiev", "2026-07-15T09:00", "2026-07-15T06:00", id="an old name of a zone"),
])
def test_a_wall_time_comes_at_its_instant(name: str, wall: str, instant: str) -> None:
    assert to_utc(at(wall), zone(name)) == utc(instant)


@pytest.mark.parametrize(("name", "start", "span", "end"), [
    pytest.param("Europe/Ljubljana", "2026-03-28T11:00", Duration(days=1), "2026-03-29T10:00", id="a day keeps the clock over a short day"),
    pytest.param("Europe/Ljubljana", "2026-03-28T11:00", Duration(seconds=86400), "2026-03-29T11:00", id="24 hours are elapsed time"),
    pytest.param("Europe/Ljubljana", "2026-10-24T10:00", Duration(days=1), "2026-10-25T11:00", id="a day keeps the clock over a long day"),
    pytest.param("Europe/Ljubljana", "2026-03-28T01:30", Duration(days=1), "2026-03-29T01:30", id="into a gap"),
    pytest.param("Europe/Ljubljana", "2026-10-24T00:30", Duration(days=1), "2026-10-25T00:30", id="into an overlap: the first"),
    pytest.param("Europe/Ljubljana", "2026-10-25T01:30", Duration(seconds=1800), "2026-10-25T02:00", id="out of the second pass"),
    pytest.param("UTC", "2026-01-31T09:00", Duration(months=1), "2026-02-28T09:00", id="a month is clamped"),
    pytest.param("UTC", "2028-01-31T09:00", Duration(months=1), "2028-02-29T09:00", id="to the leap day where there is one"),
    pytest.param("UTC", "2100-01-31T09:00", Duration(months=1), "2100-02-28T09:00", id="2100 has no leap day"),
    pytest.param("UTC", "2026-03-31T09:00", Duration(months=-1), "2026-02-28T09:00", id="backwards"),
    pytest.param("UTC", "2026-11-30T09:00", Duration(months=15), "2028-02-29T09:00", id="over years"),
    pytest.param("UTC", "2026-01-31T09:00", Duration(months=1, days=1, seconds=60), "2026-03-01T09:01", id="months, days, seconds"),
    pytest.param("UTC", "2026-01-03T09:00", Duration(days=-3), "2025-12-31T09:00", id="days ahead"),
    pytest.param("Pacific/Apia", "2011-12-29T19:00", Duration(days=1), "2011-12-30T19:00", id="over a day that does not exist"),
])
def test_a_span_is_added_by_the_wall_clock_or_as_elapsed_time(name: str, start: str, span: Duration, end: str) -> None:
    assert add(utc(start), span, zone(name)) == utc(end)


@pytest.mark.parametrize(("name", "moment", "end"), [
    pytest.param("Europe/Ljubljana", "2026-02-28T08:00", "2026-02-28T23:00", id="a common day"),
    pytest.param("Europe/Ljubljana", "2026-03-29T00:00", "2026-03-29T22:00", id="a day of 23 hours"),
    pytest.param("Europe/Ljubljana", "2026-10-25T00:00", "2026-10-25T23:00", id="a day of 25 hours"),
    pytest.param("Asia/Beirut", "2026-03-28T12:00", "2026-03-28T22:00", id="before a midnight that does not exist"),
    pytest.param("Africa/Cairo", "2026-10-29T20:30", "2026-10-29T22:00", id="before an evening hour that comes twice"),
    pytest.param("Africa/Cairo", "2026-10-29T21:30", "2026-10-29T22:00", id="in its second pass"),
    pytest.param("America/Havana", "2026-10-31T20:00", "2026-11-01T04:00", id="before a first hour that comes twice"),
    pytest.param("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", id="before a day that does not exist"),
])
def test_a_local_day_ends_with_the_first_instant_of_the_next(name: str, moment: str, end: str) -> None:
    assert end_of_day(utc(moment), zone(name)) == utc(end)


def test_local_time_and_date_are_those_of_the_place() -> None:
    moment = utc("2026-02-27T19:00")
    assert local(moment, zone("Pacific/Kiritimati")) == at("2026-02-28T09:00")
    assert local_date(moment, zone("Pacific/Pago_Pago")) == date(2026, 2, 27)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "europe/ljubljana", "Factory", "UTC\n"])
def test_a_zone_that_is_not_known_by_that_exact_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        zone(name)


def test_zone_data_comes_from_the_pinned_package_alone() -> None:
    assert zoneinfo.TZPATH == ()
    assert {"Europe/Ljubljana", "Europe/Kyiv", "Asia/Tashkent", "Asia/Manila", "UTC"} <= zone_names()


def test_where_several_zones_may_be_meant_a_moment_comes_once_it_has_come_in_all() -> None:
    tashkent = zones("Asia/Tashkent", "Asia/Samarkand")
    assert latest(at("2026-02-28T09:00"), zones_of(tashkent)) == utc("2026-02-28T04:00")
    america = zones("America/New_York", "Pacific/Honolulu")
    assert latest(at("2026-02-28T09:00"), zones_of(america)) == utc("2026-02-28T19:00")
    assert add_everywhere(utc("2026-03-07T12:00"), Duration(days=1), america) == utc("2026-03-08T12:00")


def test_where_several_zones_may_be_meant_the_date_is_the_one_begun_in_all_and_ends_where_it_ends_first() -> None:
    america = zones("America/New_York", "Pacific/Honolulu")
    assert date_everywhere(utc("2026-02-28T06:00"), america) == date(2026, 2, 27)
    assert end_of_day_everywhere(utc("2026-02-28T19:00"), america) == utc("2026-03-01T05:00")


def test_a_broken_zone_is_an_error_until_a_default_stands_in_for_it() -> None:
    for ask in (lambda: zones_of(BROKEN), lambda: date_everywhere(utc("2026-02-28T09:00"), BROKEN)):
        with pytest.raises(UnknownZoneError):
            ask()
    stand_in = known(BROKEN, "Europe/Ljubljana")
    assert (stand_in.names, stand_in.key, stand_in.source) == (("Europe/Ljubljana",), "!", ZoneSource.BROKEN)
    assert known(zones("Asia/Manila"), "UTC").names == ("Asia/Manila",)
