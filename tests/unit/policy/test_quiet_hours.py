"""Layers of quiet hours, and the first moment after them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from engage.model.localtime import zone
from engage.model.quiet_hours import CountryHours, QuietHours, QuietHoursLayer
from engage.policy.quiet_hours import next_allowed, quiet_rule, rules_of

NIGHT = QuietHours(start=time(21), end=time(8))
FRENCH = {"FR": CountryHours(start=time(20), end=time(10), days_off=frozenset({6}))}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def allowed(
    now: str, *layers: QuietHoursLayer, zones: tuple[str, ...] = ("Europe/Ljubljana",), country: str | None = "SI",
    transactional: bool = False,
) -> str | None:
    rules = rules_of(layers, country=country, transactional=transactional)
    moment = next_allowed(utc(now), rules, tuple(map(zone, zones)))
    return moment.strftime("%Y-%m-%dT%H:%M") if moment is not None else None


@pytest.mark.parametrize(("now", "then"), [
    pytest.param("2026-03-02T12:00", "2026-03-02T12:00", id="by day: at once"),
    pytest.param("2026-03-02T19:59", "2026-03-02T19:59", id="the last minute before"),
    pytest.param("2026-03-02T20:00", "2026-03-03T07:00", id="the first minute, before midnight"),
    pytest.param("2026-03-03T02:00", "2026-03-03T07:00", id="after midnight"),
    pytest.param("2026-03-03T06:59", "2026-03-03T07:00", id="the last minute"),
    pytest.param("2026-03-03T07:00", "2026-03-03T07:00", id="the window is half open"),
    pytest.param("2026-03-28T23:00", "2026-03-29T06:00", id="a short night"),
    pytest.param("2026-10-24T23:00", "2026-10-25T07:00", id="a long night"),
])
def test_a_window_over_midnight_ends_in_the_morning(now: str, then: str) -> None:
    assert allowed(now, NIGHT) == then


@pytest.mark.parametrize(("start", "end", "place", "now", "then"), [
    pytest.param(0, 2.5, "Europe/Ljubljana", "2026-03-28T23:30", "2026-03-29T01:00", id="an end in the gap: the first instant after it"),
    pytest.param(2, 3, "Europe/Ljubljana", "2026-03-29T00:59", "2026-03-29T00:59", id="a window that lies in the gap never comes"),
    pytest.param(1.5, 2.5, "Europe/Ljubljana", "2026-10-24T23:45", "2026-10-25T00:30", id="an end in the overlap: its first pass"),
    pytest.param(1.5, 2.5, "Europe/Ljubljana", "2026-10-25T01:10", "2026-10-25T01:30", id="the second pass is quiet too"),
    pytest.param(2.75, 3.5, "Europe/Ljubljana", "2026-10-25T00:50", "2026-10-25T01:00", id="the clock goes back out of the window"),
    pytest.param(0, 0.5, "Asia/Beirut", "2026-03-28T22:00", "2026-03-28T22:00", id="a window at a midnight that does not exist"),
    pytest.param(23, 0.5, "Asia/Beirut", "2026-03-28T21:30", "2026-03-28T22:00", id="an end just after such a midnight"),
    pytest.param(23, 6, "Africa/Cairo", "2026-10-29T20:30", "2026-10-30T04:00", id="an evening hour that comes twice"),
    pytest.param(21, 8, "Asia/Kathmandu", "2026-03-02T16:00", "2026-03-03T02:15", id="a zone of three quarters"),
    pytest.param(21, 8, "Pacific/Chatham", "2026-03-02T08:00", "2026-03-02T18:15", id="and another"),
    pytest.param(1.75, 2.25, "Australia/Lord_Howe", "2026-10-03T15:20", "2026-10-03T15:30", id="an end in a gap of half an hour"),
    pytest.param(21, 8, "Pacific/Apia", "2011-12-30T08:00", "2011-12-30T18:00", id="a night with a missing day in it"),
    pytest.param(9, 17, "UTC", "2026-03-02T12:00", "2026-03-02T17:00", id="a window within a day"),
    pytest.param(12, 12, "UTC", "2026-03-02T12:00", None, id="from and to the same hour: never allowed, rather than always"),
])
def test_a_window_holds_through_every_change_of_the_clock(start: float, end: float, place: str, now: str, then: str | None) -> None:
    window = QuietHours(start=_hour(start), end=_hour(end))
    assert allowed(now, window, zones=(place,)) == then


def _hour(number: float) -> time:
    return time(int(number), round(number % 1 * 60))


@pytest.mark.parametrize(("hours", "country", "now", "then"), [
    pytest.param(QuietHours(days_off="weekend"), "SI", "2026-02-28T09:00", "2026-03-01T23:00", id="a weekend"),
    pytest.param(QuietHours(days_off="weekend"), "SA", "2026-02-28T09:00", "2026-02-28T23:00", id="Friday and Saturday"),
    pytest.param(QuietHours(days_off=frozenset({0, 2})), "SI", "2026-03-02T09:00", "2026-03-02T23:00", id="days by name"),
    pytest.param(QuietHours(holidays=True), "SI", "2026-05-01T09:00", "2026-05-02T22:00", id="two holidays"),
    pytest.param(QuietHours(holidays=True), "UA", "2026-05-01T09:00", "2026-05-01T09:00", id="a country without any"),
    pytest.param(QuietHours(holidays=True), None, "2026-05-01T09:00", "2026-05-01T09:00", id="no country"),
    pytest.param(QuietHours(start=time(21), end=time(8), days_off="weekend"), "SI", "2026-02-27T20:30", "2026-03-02T07:00", id="both"),
    pytest.param(QuietHours(start=time(21)), "SI", "2026-03-02T21:00", "2026-03-02T23:00", id="from alone: to midnight"),
    pytest.param(QuietHours(end=time(8)), "SI", "2026-03-02T23:30", "2026-03-03T07:00", id="to alone: from midnight"),
    pytest.param(QuietHours(days_off=frozenset(range(7))), "SI", "2026-03-02T23:30", None, id="no day is left"),
])
def test_days_off_are_quiet_as_a_whole(hours: QuietHours, country: str | None, now: str, then: str | None) -> None:
    assert allowed(now, hours, country=country) == then


def test_later_layers_override_key_by_key() -> None:
    assert allowed("2026-03-02T20:30", NIGHT, QuietHours(end=time(9))) == "2026-03-03T08:00"
    assert allowed("2026-03-02T20:30", NIGHT, None, QuietHours(start=time(23))) == "2026-03-02T20:30"
    assert allowed("2026-02-28T12:00", QuietHours(days_off="weekend"), QuietHours(days_off=frozenset())) == "2026-02-28T12:00"
    assert allowed("2026-05-01T12:00", QuietHours(holidays=True), QuietHours(holidays=False)) == "2026-05-01T12:00"


def test_ignore_sets_earlier_layers_aside_and_a_later_map_starts_afresh() -> None:
    assert allowed("2026-03-02T20:30", NIGHT, "ignore") == "2026-03-02T20:30"
    assert allowed("2026-03-02T22:30", NIGHT, "ignore", QuietHours(start=time(23), end=time(6))) == "2026-03-03T05:00"
    assert allowed("2026-03-02T20:30", NIGHT, "ignore", QuietHours(start=time(23), end=time(6))) == "2026-03-02T20:30"


def test_what_a_country_asks_is_added_and_never_overridden() -> None:
    base = QuietHours(start=time(21), end=time(8), by_country=FRENCH)
    paris = ("Europe/Paris",)
    assert allowed("2026-03-02T19:30", base, zones=paris, country="FR") == "2026-03-03T09:00"
    assert allowed("2026-03-02T19:30", base, zones=paris, country="SI") == "2026-03-02T19:30"
    assert allowed("2026-03-02T19:30", base, QuietHours(start=time(23), end=time(6)), zones=paris, country="FR") == "2026-03-03T09:00"
    assert allowed("2026-03-01T12:00", base, zones=paris, country="FR") == "2026-03-02T09:00"
    assert allowed("2026-03-02T19:30", base, "ignore", zones=paris, country="FR") == "2026-03-03T09:00"


def test_only_ignore_of_a_transactional_purpose_sets_the_law_aside() -> None:
    base = QuietHours(start=time(21), end=time(8), by_country=FRENCH)
    paris = ("Europe/Paris",)
    assert allowed("2026-03-02T19:30", base, "ignore", zones=paris, country="FR", transactional=True) == "2026-03-02T19:30"
    assert allowed("2026-03-02T19:30", base, None, zones=paris, country="FR", transactional=True) == "2026-03-03T09:00"


def test_the_law_of_every_layer_is_added() -> None:
    campaign = QuietHours(by_country={"FR": CountryHours(start=time(9), end=time(11))})
    base = QuietHours(by_country=FRENCH)
    assert allowed("2026-03-02T19:30", base, campaign, zones=("Europe/Paris",), country="FR") == "2026-03-03T10:00"


def test_where_several_zones_may_be_meant_it_must_be_over_in_all() -> None:
    america = ("America/New_York", "Pacific/Honolulu")
    assert allowed("2026-03-02T12:30", NIGHT, zones=america) == "2026-03-02T18:00"
    assert allowed("2026-03-02T18:00", NIGHT, zones=america) == "2026-03-02T18:00"
    assert allowed("2026-03-03T02:00", NIGHT, zones=america) == "2026-03-03T18:00"


def test_zones_whose_allowed_hours_never_meet_are_found_out() -> None:
    assert allowed("2026-03-02T12:00", QuietHours(start=time(17), end=time(9)), zones=("Europe/Kaliningrad", "Asia/Kamchatka")) is None


def test_the_search_ends_at_the_expiry() -> None:
    rules = rules_of([QuietHours(days_off=frozenset(range(7)))], country=None, transactional=False)
    now = utc("2026-03-02T12:00")
    assert next_allowed(now, rules, (zone("UTC"),), until=now + timedelta(days=1)) is None


def test_the_quiet_rule_reads_as_people_wrote_it() -> None:
    hours = QuietHours(start=time(21), end=time(8), days_off="weekend", holidays=True, by_country=FRENCH)
    rules = rules_of([hours], country="FR", transactional=False)
    found = quiet_rule(utc("2026-02-28T12:00"), rules, (zone("Europe/Paris"),))
    assert found is not None
    assert str(found[0]) == "21:00 to 08:00 and Saturdays, Sundays and public holidays"
    assert str(rules[1]) == "20:00 to 10:00 and Sundays (the country's own)"
    assert quiet_rule(utc("2026-03-02T12:00"), rules, (zone("Europe/Paris"),)) is None
