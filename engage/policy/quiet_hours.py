"""When a contact is left in peace: the layers of `quiet_hours` as one, and the first moment after them.

Everything here goes by the recipient's wall clock. `[start, end)` is half open and may pass midnight; both passes of an hour that
comes twice are quiet, and a window whose end a clock change skips ends at the first instant after the gap. Where a contact may live
in several zones, quiet hours must be over in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, final
from zoneinfo import ZoneInfo

from engage.model.localtime import local
from engage.model.quiet_hours import CountryHours, QuietHours, QuietHoursLayer
from engage.policy.calendar import is_holiday, weekend

HORIZON = timedelta(days=400)
"""What is quiet for so long (more than a year of holidays) is quiet for ever."""

_MIDNIGHT = time()
_DAY = timedelta(days=1)
_A_SECOND = timedelta(seconds=1)
_NAMES = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One quiet window of every day and the days that are quiet as a whole. One end alone reaches to midnight."""

    start: time | None
    end: time | None
    days_off: frozenset[int]
    holidays_of: str | None
    law: bool = False

    def quiet_until(self, wall: datetime) -> datetime | None:
        """The wall time up to which this rule is quiet without a break it knows of; None where it is not quiet at `wall`."""
        day = wall.date()
        if day.weekday() in self.days_off or (self.holidays_of and is_holiday(day, self.holidays_of)):
            return datetime.combine(day, _MIDNIGHT) + _DAY
        if self.start is None and self.end is None:
            return None
        return self._window_until(wall)

    def _window_until(self, wall: datetime) -> datetime | None:
        start, end, now = self.start or _MIDNIGHT, self.end or _MIDNIGHT, wall.time()
        if start < end:
            return datetime.combine(wall, end) if start <= now < end else None
        if now < end:
            return datetime.combine(wall, end)
        return datetime.combine(wall, end) + _DAY if now >= start else None

    def __str__(self) -> str:
        window = f"{self.start or _MIDNIGHT:%H:%M} to {self.end or _MIDNIGHT:%H:%M}" if self.start or self.end else ""
        days = ", ".join(_NAMES[day] for day in sorted(self.days_off))
        parts = [window, days, "public holidays" if self.holidays_of else ""]
        return " and ".join(part for part in parts if part) + (" (the country's own)" if self.law else "")


Rules = tuple[Rule, ...]


def rules_of(layers: Iterable[QuietHoursLayer], *, country: str | None, transactional: bool) -> Rules:
    """The layers (workspace, purpose, campaign, send) as the rules that hold in a country; empty where nothing is ever quiet.

    A key overrides the same key of the layers before it; `ignore` sets those aside. What `by_country` says of the contact's country
    is a rule of its own, added from every layer; only `ignore` for a transactional purpose sets it aside too.
    """
    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] | Literal["weekend"] | None = None
    holidays: bool | None = None
    law: list[CountryHours] = []
    for layer in layers:
        if layer == "ignore":
            start = end = days_off = holidays = None
            if transactional:
                law = []
        elif layer is not None:
            start = layer.start if layer.start is not None else start
            end = layer.end if layer.end is not None else end
            days_off = layer.days_off if layer.days_off is not None else days_off
            holidays = layer.holidays if layer.holidays is not None else holidays
            if (own := layer.by_country.get(country or "")) is not None:
                law.append(own)
    merged = QuietHours(start=start, end=end, days_off=days_off, holidays=holidays)
    made = (_rule(merged, country), *(_rule(hours, country, law=True) for hours in law))
    return tuple(rule for rule in made if rule is not None)


def _rule(hours: QuietHours | CountryHours, country: str | None, *, law: bool = False) -> Rule | None:
    days = weekend(country) if hours.days_off == "weekend" else hours.days_off or frozenset()
    holidays_of = country if hours.holidays else None
    if hours.start is None and hours.end is None and not days and holidays_of is None:
        return None
    return Rule(start=hours.start, end=hours.end, days_off=days, holidays_of=holidays_of, law=law)


def quiet_rule(moment: datetime, rules: Rules, zones: Iterable[ZoneInfo]) -> tuple[Rule, ZoneInfo] | None:
    """A rule that is quiet at the moment, and where; None where it is allowed everywhere."""
    for zone in zones:
        wall = local(moment, zone)
        for rule in rules:
            if rule.quiet_until(wall) is not None:
                return rule, zone
    return None


def next_allowed(now: datetime, rules: Rules, zones: Sequence[ZoneInfo], *, until: datetime | None = None) -> datetime | None:
    """The earliest instant, `now` itself or later, that is outside quiet hours in all zones.

    None where there is none before `until` (or within HORIZON): some combinations of zones and windows never agree, and seven days
    off leave nothing.
    """
    if not rules:
        return now
    limit = min(until, now + HORIZON) if until is not None else now + HORIZON
    moment = now
    while moment <= limit:
        after = max(_end_of_quiet(moment, rules, zone, limit) for zone in zones)
        if after == moment:
            return moment
        moment = after
    return None


def _end_of_quiet(moment: datetime, rules: Rules, zone: ZoneInfo, limit: datetime) -> datetime:
    """The earliest instant not quiet in one zone; something after `limit` where it is later than that.

    Goes from boundary to boundary of the wall clock, and stops at every change of the clock to look again, since the wall time
    behind it may be one that is not quiet, or quiet anew.
    """
    while moment <= limit:
        wall = local(moment, zone)
        ends = [end for rule in rules if (end := rule.quiet_until(wall)) is not None]
        if not ends:
            break
        boundary = moment + (max(ends) - wall)
        moment = _clock_change(moment, boundary, zone) or boundary
    return moment


def _clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant in `(start, end]` at which the zone's offset changes; clocks change on whole seconds, once a day at most."""
    before = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == before:
        return None
    low, high = start, end
    while high - low > _A_SECOND:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
