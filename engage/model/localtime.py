"""Instants (aware, UTC) to wall time and back, by the zone data of the pinned `tzdata` package; spans added to instants.

Importing this module turns `zoneinfo` away from the system's zone files, which are often years old, to that package.

Rules: a wall time that a change of the clock skips takes the offset before the gap (RFC 5545): 02:30 becomes 03:30, and a whole
skipped day (Samoa, 30 December 2011) becomes the next one; a wall time that comes twice is the first.
Of a contact who may live in several zones no one knows which, a moment has come when it has come in all of them
(`latest`), its date is the one that has begun in all of them (`date_everywhere`), and its day ends where it ends first
(`end_of_day_everywhere`): so nothing comes early or late wherever the contact turns out to live.
"""

from __future__ import annotations

import calendar
import zoneinfo
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engage.model.errors import EngageError
from engage.model.time import Duration, Zones


class UnknownZoneError(EngageError):
    """A time zone's name is not among those of the pinned zone data, or a contact's zone is not known at all."""


def use_pinned_zone_data() -> None:
    """Make `zoneinfo` read the pinned `tzdata` package only. Safe to repeat; the composition root calls it first of all."""
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()
    zone.cache_clear()


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All IANA names that may be used, links such as `Europe/Kiev` among them."""
    return frozenset(zoneinfo.available_timezones() - {"Factory"})


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of that exact name. A name is only ever looked up in the known set, never on a path. Raises UnknownZoneError."""
    if name not in zone_names():
        raise UnknownZoneError(f"no time zone is called {name[:64]!r}; IANA names look like 'Europe/Ljubljana'")
    return ZoneInfo(name)


def zones_of(zones: Zones) -> tuple[ZoneInfo, ...]:
    """The zones where a contact may live, at least one. Raises UnknownZoneError where none is known."""
    if not zones.names:
        raise UnknownZoneError("the contact's time zone has a name that does not exist")
    return tuple(map(zone, zones.names))


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a naive wall time: a skipped one moves forward by the gap, of two the first is meant."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The naive wall time of an instant (`fold` tells the second pass of an overlap)."""
    return moment.astimezone(zone).replace(tzinfo=None)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return moment.astimezone(zone).date()


def add(moment: datetime, span: Duration, zone: ZoneInfo) -> datetime:
    """The instant later by a span: months (clamped) and days keep the wall clock, seconds are elapsed time."""
    if span.months or span.days:
        wall = local(moment, zone)
        moment = to_utc(datetime.combine(add_to_date(wall.date(), span), wall.time()), zone)
    return moment + timedelta(seconds=span.seconds)


def add_to_date(day: date, span: Duration) -> date:
    """The date later by a span's months (clamped: 31 January to 28 February) and then days; its seconds have no say here."""
    if span.months:
        years, month = divmod(day.month - 1 + span.months, 12)
        year = day.year + years
        day = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return day + timedelta(days=span.days)


def start_of_day(day: date, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The first instant of a local day later than `after`: where a midnight comes twice (Casey, 2010), after the first it is the second.

    A day without a midnight begins after the gap. `after` is an instant of an earlier local day.
    """
    midnight = datetime.combine(day, time())
    first = to_utc(midnight, zone)
    return first if first > after else midnight.replace(tzinfo=zone, fold=1).astimezone(UTC)


def end_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the next local day, always later than `moment`."""
    return start_of_day(local_date(moment, zone) + timedelta(days=1), zone, after=moment)


def latest(wall: datetime, zones: Iterable[ZoneInfo]) -> datetime:
    """The latest of the instants of a naive wall time: by then it has come in every zone."""
    return max(to_utc(wall, each) for each in zones)


def date_everywhere(moment: datetime, zones: Zones) -> date:
    """The local date that has begun in every zone: the earliest of their dates. Raises UnknownZoneError where none is known."""
    return min(local_date(moment, each) for each in zones_of(zones))


def end_of_day_everywhere(moment: datetime, zones: Zones) -> datetime:
    """The end of the day where it ends first; always later than `moment`. Raises UnknownZoneError where none is known."""
    return min(end_of_day(moment, each) for each in zones_of(zones))


def add_everywhere(moment: datetime, span: Duration, zones: Zones) -> datetime:
    """The first instant by which the span has passed by every zone's clock. Raises UnknownZoneError where none is known."""
    return max(add(moment, span, each) for each in zones_of(zones))


def known(zones: Zones, default: str) -> Zones:
    """The contact's zones; those of the name `default`, with its key and source kept, where the contact's own name is broken.

    For planning only: whether anything may be sent to such a contact is the decision's to say (hold `zone`).
    """
    return zones if zones.names else Zones(key=zones.key, names=(default,), source=zones.source)


use_pinned_zone_data()
