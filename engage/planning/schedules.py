"""A schedule trigger as slots: when the audience enters, everybody at once or each where they live.

Every occurrence comes once: in an hour that comes twice the first time, and where the clock skips its hour, after the gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import final
from zoneinfo import ZoneInfo

from engage.model.cron import Cron
from engage.model.localtime import latest, local_date, zone
from engage.model.triggers import Late, ScheduleTrigger
from engage.planning.slots import Residence, Slot
from engage.planning.whereabouts import DEFAULT_ZONE, LONGEST_GAP, SHORTEST, ZonesOf, days_between, walls_between, zones_behind
from engage.policy.calendar import LONGEST_REST, move_off_rest

_DAY = timedelta(days=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Who enters together; `residence` None: everybody."""

    residence: Residence | None
    zones: tuple[ZoneInfo, ...]

    @property
    def country(self) -> str | None:
        return self.residence.country if self.residence else None


def schedule_slots(
    trigger: ScheduleTrigger, *, residences: Sequence[Residence], after: datetime, until: datetime, zones_of: ZonesOf,
    default_zone: str = DEFAULT_ZONE, went_live: datetime | None = None,
) -> tuple[Slot, ...]:
    """All slots in `(after, until]`, in the order of their moments; none of before the campaign went live (that moment itself is not).

    With a `day_off` residences come by country, also where the schedule goes by one zone; occurrences that it moves to one
    moment are one. `late` is about those whose hour had passed at `went_live` on a day that had not ended for all: `now` enters
    them at `went_live` (in the window that begins or ends there too, so that no way of cutting windows misses it; the key makes that
    safe), `next_day` at that hour of their next day.
    """
    places = _places(trigger, residences, zones_of, default_zone)
    start = max(after, went_live - SHORTEST) if went_live is not None else after
    slots = [slot for place in places for slot in _slots_of(trigger, place, start, until)]
    if went_live is not None and trigger.late is not Late.SKIP:
        slots += _late_slots(trigger, places, after, until, went_live)
    return tuple(sorted(slots, key=lambda slot: slot.at))


def _places(trigger: ScheduleTrigger, residences: Sequence[Residence], zones_of: ZonesOf, default_zone: str) -> tuple[_Place, ...]:
    if trigger.zone is None:
        return tuple(_Place(residence=each, zones=zones_behind(each.zone_key, zones_of, default_zone)) for each in residences)
    zones = (zone(trigger.zone),)
    if trigger.day_off is None:
        return (_Place(residence=None, zones=zones),)
    return tuple(_Place(residence=each, zones=zones) for each in residences)


def _slots_of(trigger: ScheduleTrigger, place: _Place, after: datetime, until: datetime) -> Iterator[Slot]:
    """The slots of one place, each moment once: a wall time that the clock skips gives way to the one it is moved to."""
    if after >= until:
        return
    low, high = walls_between(after, until, place.zones)
    found: dict[datetime, datetime] = {}
    for wall in _walls(trigger, low.date(), high.date(), place.country):
        if low < wall <= high and after < (moment := latest(wall, place.zones)) <= until:
            found[moment] = wall
    for moment, wall in found.items():
        yield _slot(wall, moment, place)


def _slot(wall: datetime, at: datetime, place: _Place) -> Slot:
    return Slot(at=at, key=wall.isoformat(), trigger={"at": wall.isoformat()}, residence=place.residence)


def _walls(trigger: ScheduleTrigger, first: date, last: date, country: str | None) -> list[datetime]:
    """The wall times of the occurrences that are kept on these days, in order, each once."""
    margin = timedelta(days=LONGEST_REST if trigger.day_off is not None else 0)
    walls = set()
    for wall in _nominal_walls(trigger, first - margin, last + margin):
        if trigger.day_off is not None:
            wall = datetime.combine(move_off_rest(wall.date(), country, trigger.day_off), wall.time())
        if first <= wall.date() <= last:
            walls.add(wall)
    return sorted(walls)


def _nominal_walls(trigger: ScheduleTrigger, first: date, last: date) -> Iterator[datetime]:
    yield from (moment for moment in trigger.moments if first <= moment.date() <= last)
    if trigger.cron is not None:
        times = _cron(trigger.cron).times()
        for day in _cron_days(trigger.cron, first, last):
            yield from (datetime.combine(day, at) for at in times)


@lru_cache(maxsize=256)
def _cron(line: str) -> Cron:
    return Cron.parse(line)


@lru_cache(maxsize=64)
def _cron_days(line: str, first: date, last: date) -> tuple[date, ...]:
    """Asked again for every place of a window, so remembered."""
    cron = _cron(line)
    return tuple(day for day in days_between(first, last) if cron.matches_day(day))


def _late_slots(
    trigger: ScheduleTrigger, places: Sequence[_Place], after: datetime, until: datetime, went_live: datetime,
) -> Iterator[Slot]:
    """Of each place the last occurrence that had passed, on a day that has not ended for all."""
    if not places:
        return
    first = min(local_date(went_live, zone) for place in places for zone in place.zones)
    for place in places:
        last = max(local_date(went_live, zone) for zone in place.zones)
        passed = [wall for wall in _walls(trigger, first, last, place.country) if latest(wall, place.zones) < went_live]
        if not passed:
            continue
        if trigger.late is Late.NOW:
            if after <= went_live <= until:
                yield _slot(passed[-1], went_live, place)
        elif after < (moment := latest(moved := _next_day(trigger, passed[-1], place, went_live), place.zones)) <= until:
            yield _slot(moved, moment, place)


def _next_day(trigger: ScheduleTrigger, wall: datetime, place: _Place, went_live: datetime) -> datetime:
    """That hour of the next day, if it is still to come; an occurrence of its own at that hour is the same one, by its key."""
    day = wall.date()
    while True:
        day += _DAY
        kept = day if trigger.day_off is None else move_off_rest(day, place.country, trigger.day_off)
        moved = datetime.combine(kept, wall.time())
        if latest(moved, place.zones) > went_live:
            return moved


def next_schedule_moment(
    trigger: ScheduleTrigger, *, residences: Sequence[Residence], after: datetime, zones_of: ZonesOf, default_zone: str = DEFAULT_ZONE,
    went_live: datetime | None = None,
) -> datetime | None:
    """The first moment after `after` at which anybody may enter; None where the schedule never comes round again."""
    horizon = _horizon(trigger, after)
    start, reach = after, timedelta(days=2)
    while start < horizon:
        until = min(start + reach, horizon)
        slots = schedule_slots(
            trigger, residences=residences, after=start, until=until, zones_of=zones_of, default_zone=default_zone, went_live=went_live,
        )
        later = [slot.at for slot in slots if slot.at > after]
        if later:
            return min(later)
        start, reach = until, reach * 3
    return None


def _horizon(trigger: ScheduleTrigger, after: datetime) -> datetime:
    """After which nothing more comes: the last of the moments; the longest time between two 29 Februaries is eight years."""
    if trigger.cron is not None:
        return after + timedelta(days=8 * 366 + 2 * LONGEST_REST)
    last = max(trigger.moments, default=None)
    if last is None:
        return after
    return last.replace(tzinfo=after.tzinfo) + LONGEST_GAP + timedelta(days=LONGEST_REST)
