"""Which days are days off in a country: weekends by CLDR, public holidays by the `holidays` package.

A country that is not known has the weekend that CLDR gives the world (Saturday and Sunday) and no holidays.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from holidays import country_holidays

from engage.model.triggers import DayOff

WORLD_WEEKEND = frozenset({5, 6})
LONGEST_REST = 21
"""No country rests for so many days on end: the longest from 2019 to 2033 are 12 (Russia and Azerbaijan, 2025)."""


@lru_cache(maxsize=512)
def weekend(country: str | None) -> frozenset[int]:
    """The weekend's weekday numbers (Monday 0) in a country (ISO 3166-1 alpha-2), by CLDR."""
    try:
        locale = Locale.parse(f"und_{country}") if country else None
    except (UnknownLocaleError, ValueError):
        return WORLD_WEEKEND
    if locale is None or locale.territory != country:
        return WORLD_WEEKEND
    first, last = locale.weekend_start, locale.weekend_end
    return frozenset((first + day) % 7 for day in range((last - first) % 7 + 1))


@lru_cache(maxsize=1024)
def public_holidays(country: str | None, year: int) -> frozenset[date]:
    """The country-wide public holidays of a year, with their substitutes; empty for a country of which none are known."""
    try:
        return frozenset(country_holidays(country, years=year)) if country else frozenset()
    except NotImplementedError:
        return frozenset()


def is_holiday(day: date, country: str | None) -> bool:
    """Whether the date is a public holiday in the whole country."""
    return day in public_holidays(country, day.year)


def is_day_off(
    day: date, country: str | None, *, days_off: frozenset[int] | Literal["weekend"] | None = "weekend", holidays: bool = True,
) -> bool:
    """Whether the date is one of `days_off` (weekday numbers, or the country's weekend) or, where asked, a public holiday."""
    off = weekend(country) if days_off == "weekend" else days_off or frozenset()
    return day.weekday() in off or (holidays and is_holiday(day, country))


def move_off_rest(day: date, country: str | None, to: DayOff) -> date:
    """The date itself where it is a working day in the country, else the last one before it or the first after it."""
    step = timedelta(days=-1 if to is DayOff.BEFORE else 1)
    moved = day
    for _ in range(LONGEST_REST):
        if not is_day_off(moved, country):
            return moved
        moved += step
    return day
