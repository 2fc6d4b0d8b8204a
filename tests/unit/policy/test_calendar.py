"""Weekends and holidays by country."""

from __future__ import annotations

from datetime import date

import pytest

from engage.model.triggers import DayOff
from engage.policy.calendar import is_day_off, is_holiday, move_off_rest, public_holidays, weekend


@pytest.mark.parametrize(("country", "days"), [
    ("SI", {5, 6}), ("AE", {5, 6}), ("SA", {4, 5}), ("EG", {4, 5}), ("IL", {4, 5}), ("AF", {3, 4}), ("IR", {4}), ("IN", {6}), ("UG", {6}),
    ("AQ", {5, 6}), ("XX", {5, 6}), ("not a country", {5, 6}), (None, {5, 6}),
])
def test_the_weekend_is_that_of_the_country(country: str | None, days: set[int]) -> None:
    assert weekend(country) == days


@pytest.mark.parametrize(("country", "day", "holiday"), [
    pytest.param("SI", date(2026, 2, 8), True, id="Prešeren's Day"),
    pytest.param("SI", date(2026, 2, 9), False, id="Slovenia has no substitute for a Sunday"),
    pytest.param("GB", date(2026, 12, 28), True, id="the substitute of Boxing Day"),
    pytest.param("US", date(2027, 7, 5), True, id="Independence Day observed on Monday"),
    pytest.param("US", date(2027, 12, 31), True, id="a substitute in the year before"),
    pytest.param("UZ", date(2026, 3, 23), True, id="Nowruz moved to Monday"),
    pytest.param("DE", date(2026, 1, 6), False, id="a holiday of some states is none of the country"),
    pytest.param("UA", date(2026, 8, 24), False, id="Ukraine keeps none under martial law"),
    pytest.param("XX", date(2026, 1, 1), False, id="a country of which nothing is known"),
    pytest.param(None, date(2026, 1, 1), False, id="no country"),
])
def test_a_holiday_is_one_of_the_whole_country(country: str | None, day: date, holiday: bool) -> None:
    assert is_holiday(day, country) is holiday


def test_a_country_without_holidays_has_an_empty_year() -> None:
    assert public_holidays("UA", 2026) == frozenset()


def test_no_country_rests_longer_than_the_search_for_a_working_day_goes() -> None:
    longest = {"RU": (date(2024, 12, 28), date(2025, 1, 9)), "AZ": (date(2025, 3, 20), date(2025, 4, 1))}
    for country, (rest, work) in longest.items():
        assert move_off_rest(rest, country, DayOff.AFTER) == work


def test_days_off_are_those_asked_for() -> None:
    sunday = date(2026, 3, 1)
    assert is_day_off(sunday, "SI")
    assert not is_day_off(sunday, "SA")
    assert is_day_off(date(2026, 2, 27), "SA")
    assert not is_day_off(sunday, "SI", days_off=frozenset({0}), holidays=False)
    assert not is_day_off(date(2026, 4, 27), "SI", days_off=None, holidays=False)
    assert is_day_off(date(2026, 4, 27), "SI", days_off=None, holidays=True)


@pytest.mark.parametrize(("country", "day", "to", "moved"), [
    pytest.param("SI", date(2026, 3, 3), DayOff.AFTER, date(2026, 3, 3), id="a working day stays"),
    pytest.param("SI", date(2026, 2, 28), DayOff.AFTER, date(2026, 3, 2), id="Saturday to Monday"),
    pytest.param("SI", date(2026, 3, 1), DayOff.BEFORE, date(2026, 2, 27), id="Sunday to Friday"),
    pytest.param("SA", date(2026, 2, 27), DayOff.AFTER, date(2026, 3, 1), id="Friday to Sunday in Saudi Arabia"),
    pytest.param("GB", date(2026, 12, 25), DayOff.AFTER, date(2026, 12, 29), id="over Christmas and its substitute"),
    pytest.param("LV", date(2027, 12, 31), DayOff.AFTER, date(2028, 1, 3), id="over the end of the year"),
    pytest.param("SI", date(2026, 1, 1), DayOff.BEFORE, date(2025, 12, 31), id="to the year before"),
])
def test_what_falls_on_a_day_off_moves_to_a_working_day(country: str, day: date, to: DayOff, moved: date) -> None:
    assert move_off_rest(day, country, to) == moved
