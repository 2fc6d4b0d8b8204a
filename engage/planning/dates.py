"""A date trigger as slots: when the contacts of each residence enter, and which stored dates that is about.

The day is: base date, leap-day rule, then the offset, then `day_off`, then `at` by the residence's clock.
"""

from __future__ import annotations

import calendar
from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from operator import attrgetter

from engage.model.localtime import latest, local_date
from engage.model.triggers import DateTrigger, DayOff, LeapDay, Repeat
from engage.planning.slots import DateMatch, Residence, Slot
from engage.planning.whereabouts import DEFAULT_ZONE, ZonesOf, days_at, days_between, zones_behind
from engage.policy.calendar import LONGEST_REST, is_day_off, move_off_rest

_LONGEST_FEBRUARY = 29


def date_slots(
    trigger: DateTrigger, *, residences: Sequence[Residence], after: datetime, until: datetime, zones_of: ZonesOf,
    default_zone: str = DEFAULT_ZONE,
) -> tuple[Slot, ...]:
    """All slots in `(after, until]`, in the order of their moments.

    With a `day_off` residences come by country. One day may take several slots under one key: 29 February kept on the 28th, the 31st
    kept on the 30th; no stored date matches two of them.
    """
    places, days = tuple(residences), days_between(after.astimezone(UTC).date(), until.astimezone(UTC).date())
    found = (_slots_of_day(trigger, places, day, zones_of, default_zone) for day in days)
    return tuple(chain.from_iterable(slots[bisect(slots, after, key=_at) : bisect(slots, until, key=_at)] for slots in found))


@lru_cache(maxsize=64)
def _slots_of_day(
    trigger: DateTrigger, residences: tuple[Residence, ...], day: date, zones_of: ZonesOf, default_zone: str
) -> tuple[Slot, ...]:
    """Those of a day of UTC, without its first moment and with the next one's; asked at every tick of that day, so remembered."""
    after = datetime.combine(day, time(), UTC)
    entries: dict[str, tuple[tuple[date, datetime], ...]] = {}
    slots: list[Slot] = []
    for residence in residences:
        key = residence.zone_key
        if key not in entries:
            entries[key] = tuple(days_at(trigger.at, after, after + timedelta(days=1), zones_behind(key, zones_of, default_zone)))
        for local_day, at in entries[key]:
            for occurrence in _dates_kept_on(local_day, trigger, residence.country):
                slots.extend(_slots(trigger, occurrence, at, residence))
    return tuple(sorted(slots, key=_at))


_at = attrgetter("at")


def late_date_slots(
    trigger: DateTrigger, *, residences: Sequence[Residence], changed_since: datetime, now: datetime, zones_of: ZonesOf,
    default_zone: str = DEFAULT_ZONE,
) -> tuple[Slot, ...]:
    """The slots whose moment has passed by `now` but whose date has not ended: for contacts changed since then, who enter at once.

    The date is the one that recurs, without its offset: a mail three days ahead of a birthday is made up for until the birthday ends
    (where several zones may be meant, until it ends in the first). `at` is the moment missed, so that expiry counts from it.
    """
    slots: list[Slot] = []
    for residence in residences:
        zones = zones_behind(residence.zone_key, zones_of, default_zone)
        today = max(local_date(now, zone) for zone in zones)
        for occurrence in days_between(today, today + _furthest_ahead(trigger)):
            day = occurrence + timedelta(days=trigger.offset_days)
            if trigger.day_off is not None:
                day = move_off_rest(day, residence.country, trigger.day_off)
            at = latest(datetime.combine(day, trigger.at), zones)
            if at > now:
                break
            slots.extend(_slots(trigger, occurrence, at, residence, changed_since))
    return tuple(sorted(slots, key=lambda slot: slot.at))


def _furthest_ahead(trigger: DateTrigger) -> timedelta:
    """How long before its date an entry may come."""
    rest = LONGEST_REST if trigger.day_off is DayOff.BEFORE else 0
    return timedelta(days=max(0, rest - trigger.offset_days))


def _dates_kept_on(day: date, trigger: DateTrigger, country: str | None) -> Iterator[date]:
    """The dates, before the offset, that are kept on a day: one, and with `day_off` those of the days of rest beside it too."""
    offset = timedelta(days=trigger.offset_days)
    if trigger.day_off is None:
        yield day - offset
    elif not is_day_off(day, country):
        step = timedelta(days=1 if trigger.day_off is DayOff.BEFORE else -1)
        yield day - offset
        moved = day + step
        while is_day_off(moved, country):
            yield moved - offset
            moved += step


def _slots(
    trigger: DateTrigger, occurrence: date, at: datetime, residence: Residence, changed_since: datetime | None = None,
) -> Iterator[Slot]:
    key = _key(trigger, occurrence)
    for match in _matches(trigger, occurrence):
        yield Slot(
            at=at, key=key, trigger={"date": occurrence.isoformat()}, residence=residence, match=match, changed_since=changed_since,
        )


def _key(trigger: DateTrigger, occurrence: date) -> str:
    """One run per attribute and year or month; for `once`, attribute and value."""
    match trigger.repeat:
        case Repeat.YEARLY:
            return f"{trigger.attribute}:{occurrence.year}"
        case Repeat.MONTHLY:
            return f"{trigger.attribute}:{occurrence:%Y-%m}"
        case Repeat.ONCE:
            return f"{trigger.attribute}:{occurrence.isoformat()}"


def _matches(trigger: DateTrigger, occurrence: date) -> Iterator[DateMatch]:
    """The stored dates that are kept on an occurrence."""
    year = occurrence.year
    match trigger.repeat:
        case Repeat.ONCE:
            yield _match(trigger, occurrence.month, occurrence.day, year, only=year)
        case Repeat.YEARLY:
            yield _match(trigger, occurrence.month, occurrence.day, year)
            if _stands_for_leap_day(occurrence, trigger.leap_day):
                yield _match(trigger, 2, _LONGEST_FEBRUARY, year)
        case Repeat.MONTHLY:
            for day in _month_days(occurrence):
                for month in range(1, 13):
                    if day <= _longest(month):
                        yield _match(trigger, month, day, year if month <= occurrence.month else year - 1)


def _match(trigger: DateTrigger, month: int, day: int, base_year: int, *, only: int | None = None) -> DateMatch:
    return DateMatch(
        attribute=trigger.attribute, day=day, month=month, year=only, base_year=base_year, min_years=trigger.min_years,
    )


def _stands_for_leap_day(day: date, rule: LeapDay) -> bool:
    if calendar.isleap(day.year):
        return False
    return (rule, day.month, day.day) in ((LeapDay.FEB_28, 2, 28), (LeapDay.MAR_01, 3, 1))


def _month_days(occurrence: date) -> range:
    """The days of a stored date that are kept on this one each month: the last day of a short month stands for the rest."""
    last = calendar.monthrange(occurrence.year, occurrence.month)[1]
    return range(occurrence.day, 32 if occurrence.day == last else occurrence.day + 1)


def _longest(month: int) -> int:
    return _LONGEST_FEBRUARY if month == 2 else calendar.monthrange(2001, month)[1]
