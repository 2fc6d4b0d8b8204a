"""Where contacts live, as planning sees it: the zones behind a residence, and which wall times fall into a stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engage.model.localtime import latest, local, zone

ZonesOf = Callable[[str], tuple[str, ...]]
"""The IANA names behind a zone key (`Zones.names` by `Zones.key`); empty for contacts whose own zone's name is broken."""

DEFAULT_ZONE = "UTC"
"""By what contacts are planned whose own zone is broken, where nothing better is said. They are held before anything is sent."""

LONGEST_GAP = timedelta(hours=25)
"""No change of a clock moved it further: Samoa skipped a day."""

SHORTEST = timedelta(microseconds=1)
"""From a moment to the next one that can be told from it: what makes the open end of a stretch a closed one."""

_DAY = timedelta(days=1)


def zones_behind(zone_key: str, zones_of: ZonesOf, default_zone: str) -> tuple[ZoneInfo, ...]:
    """The zones of a key. Contacts with a broken zone go by the default, so that they enter and the decision holds them in sight."""
    return tuple(map(zone, zones_of(zone_key) or (default_zone,)))


def walls_between(after: datetime, until: datetime, zones: Sequence[ZoneInfo]) -> tuple[datetime, datetime]:
    """An interval `(low, high]` with every wall time that comes in `(after, until]`, and no others unless a clock changes near it."""
    lows, highs = zip(*(_bounds(after, until, each) for each in zones), strict=True)
    return min(lows), max(highs)


def _bounds(after: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    offset = _steady_offset(zone, after.date()) if until - after <= _DAY else None
    if offset is None:
        return local(after, zone) - LONGEST_GAP, local(until, zone) + LONGEST_GAP
    return after.replace(tzinfo=None) + offset, until.replace(tzinfo=None) + offset


@lru_cache(maxsize=4096)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """The zone's offset around a day of UTC, None where it changes; asked for every zone at every tick, so remembered."""
    start = datetime.combine(day, time(), UTC)
    first, *others = ((start + step).astimezone(zone).utcoffset() for step in (-LONGEST_GAP, timedelta(), _DAY, 2 * _DAY))
    return first if all(other == first for other in others) else None


def days_at(at: time, after: datetime, until: datetime, zones: Sequence[ZoneInfo]) -> Iterator[tuple[date, datetime]]:
    """The local days on which a wall time has come everywhere in `(after, until]`, each with that moment."""
    low, high = walls_between(after, until, zones)
    if high < datetime.combine(low, at):
        return
    for day in days_between(low.date(), high.date()):
        wall = datetime.combine(day, at)
        if low < wall <= high and after < (moment := latest(wall, zones)) <= until:
            yield day, moment


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
