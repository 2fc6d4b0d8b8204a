"""Stored dates with a trigger on them, and the days on which they enter by the words of the contract: a second opinion on the engine."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

from holidays import country_holidays
from hypothesis import strategies as st

from engage.model.triggers import DateTrigger, DayOff, LeapDay, Repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Anniversary:
    """A stored date, and a trigger on it."""

    stored: date
    trigger: DateTrigger
    country: str

    def entries(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """The dates, each with the day on which the contact enters, by the words of the contract."""
        for occurrence in self._occurrences(first.year - 1, last.year + 1):
            day = occurrence + timedelta(days=self.trigger.offset_days)
            while self.trigger.day_off is not None and self._rests(day):
                day += timedelta(days=1 if self.trigger.day_off is DayOff.AFTER else -1)
            if first <= day <= last:
                yield occurrence, day

    def _occurrences(self, first: int, last: int) -> Iterator[date]:
        born, trigger = self.stored, self.trigger
        if trigger.repeat is Repeat.ONCE:
            yield from [born] if trigger.min_years == 0 else []
            return
        for year in range(max(first, born.year), last + 1):
            for month in range(1, 13) if trigger.repeat is Repeat.MONTHLY else (born.month,):
                occurrence = self._in(year, month)
                if occurrence is not None and occurrence >= born and self._years(occurrence) >= trigger.min_years:
                    yield occurrence

    def _in(self, year: int, month: int) -> date | None:
        length = calendar.monthrange(year, month)[1]
        if self.stored.day <= length:
            return date(year, month, self.stored.day)
        if self.trigger.repeat is Repeat.MONTHLY or self.trigger.leap_day is LeapDay.FEB_28:
            return date(year, month, length)
        return date(year, 3, 1) if self.trigger.leap_day is LeapDay.MAR_01 else None

    def _years(self, occurrence: date) -> int:
        """How many have passed; the 28th is the anniversary of a 29 February where that is its rule."""
        return occurrence.year - self.stored.year - (occurrence.month < self.stored.month)

    def _rests(self, day: date) -> bool:
        return day.weekday() in ({4, 5} if self.country == "SA" else {5, 6}) or day in country_holidays(self.country, years=day.year)


@st.composite
def anniversaries(draw: st.DrawFn) -> Anniversary:
    """Dates at the ends of months more often than others."""
    ends = st.sampled_from([date(1992, 2, 29), date(2024, 2, 29), date(2025, 1, 31), date(2025, 11, 30), date(2026, 2, 28)])
    trigger = DateTrigger(
        attribute="birth_date", at=time(9), repeat=draw(st.sampled_from(list(Repeat))),
        offset_days=draw(st.sampled_from([0, 0, -3, 1, 14])), leap_day=draw(st.sampled_from(list(LeapDay))),
        min_years=draw(st.sampled_from([0, 0, 1, 18])),
        day_off=draw(st.sampled_from([None, None, *DayOff])),
    )
    stored = draw(st.one_of(ends, st.dates(date(1990, 1, 1), date(2028, 12, 31))))
    return Anniversary(stored=stored, trigger=trigger, country=draw(st.sampled_from(["SI", "GB", "JP", "SA"])))
