"""A cron line as sets of numbers: when a schedule comes round, as a pure question about one day and the times of every day.

Five fields: minute, hour, day of the month, month, day of the week. As Vixie cron reads them: lists, ranges, steps, names of
months and days, 0 and 7 both Sunday; where both day fields are restricted, a day that matches either will do.
`L` in the day of the month is the month's last day.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, time
from typing import final

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_SATURDAY = 6
_LONGEST = {month: calendar.monthrange(2024, month)[1] for month in range(1, 13)}
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>[0-9]+))?")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """`weekdays` count from Sunday 0, as cron does. `any_day` and `any_weekday`: that field was `*`, so it restricts nothing."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool = False
    any_day: bool = True
    any_weekday: bool = True

    @classmethod
    def parse(cls, text: str) -> Cron:
        """The line's meaning. Raises ValueError with what is wrong with it ("is not a cron line …")."""
        fields = text.lower().split()
        if len(fields) != 5:
            many = f"{len(fields)} field{'s' if len(fields) != 1 else ''}"
            raise ValueError(f"is not a cron line: it has {many}, and takes five (minute hour day month weekday, like 0 10 * * mon)")
        minute, hour, day, month, weekday = fields
        parts = day.split(",")
        days = [part for part in parts if part != "l"]
        cron = cls(
            minutes=tuple(sorted(_numbers("minute", minute, 0, 59))),
            hours=tuple(sorted(_numbers("hour", hour, 0, 23))),
            days=_numbers("day of the month", ",".join(days), 1, 31) if days else frozenset(),
            months=_numbers("month", month, 1, 12, _MONTHS),
            weekdays=frozenset(number % 7 for number in _numbers("day of the week", weekday, 0, 7, _DAYS)),
            last_day="l" in parts,
            any_day=day.startswith("*"),
            any_weekday=weekday.startswith("*"),
        )
        if not cron._ever():
            raise ValueError("is a cron line of a day that never comes")
        return cron

    def matches_day(self, day: date) -> bool:
        """Whether the schedule comes round on that day."""
        if day.month not in self.months:
            return False
        by_day = day.day in self.days or (self.last_day and day.day == calendar.monthrange(day.year, day.month)[1])
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def times(self) -> tuple[time, ...]:
        """The wall times of each such day, in order."""
        return tuple(time(hour, minute) for hour in self.hours for minute in self.minutes)

    def _ever(self) -> bool:
        if self.last_day or not self.any_weekday:
            return True
        return any(day <= _LONGEST[month] for day in self.days for month in self.months)


def _numbers(field: str, text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """All numbers that a field stands for."""
    numbers: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"is not a cron line: `{part}` cannot be read as {field}")
        numbers.update(_range(field, match, low, high, names or {}))
    return frozenset(numbers)


def _range(field: str, match: re.Match[str], low: int, high: int, names: dict[str, int]) -> range:
    step = int(match["step"] or 1)
    if step == 0:
        raise ValueError(f"is not a cron line: a step of 0 in the {field}")
    is_weekday = names is _DAYS
    end = _SATURDAY if is_weekday else high  # 7 is Sunday again: a step without an end does not reach it
    if match["first"] == "*":
        if match["last"]:
            raise ValueError(f"is not a cron line: `{match[0]}` cannot be read as {field}")
        return range(low, end + 1, step)
    first = _number(field, match["first"], low, high, names)
    if match["last"]:
        last = _number(field, match["last"], low, high, names)
        if is_weekday and last == 0 < first:
            last = 7
    else:
        last = max(first, end) if match["step"] else first
    if last < first:
        raise ValueError(f"is not a cron line: `{match[0]}` runs backwards")
    return range(first, last + 1, step)


def _number(field: str, text: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isascii() and text.isdigit() else -1)
    if not low <= number <= high:
        raise ValueError(f"is not a cron line: `{text}` is no {field} ({low} to {high}{' or a name' if names else ''})")
    return number
