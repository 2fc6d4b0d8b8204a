"""Places with a moment (UTC) at which their clock changes: by an hour, by half of one, at midnight, by a whole day; clocks read naively."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)

TURNS = [
    ("Europe/Ljubljana", "2026-03-29T01:00"), ("Europe/Ljubljana", "2026-10-25T01:00"), ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"), ("Australia/Lord_Howe", "2026-04-04T15:00"), ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Asia/Beirut", "2026-03-28T22:00"), ("Asia/Beirut", "2026-10-24T21:00"), ("Africa/Cairo", "2026-10-29T21:00"),
    ("America/Havana", "2025-11-02T05:00"), ("America/Santiago", "2026-09-06T04:00"), ("Pacific/Chatham", "2026-04-04T14:00"),
    ("Africa/Casablanca", "2026-02-15T02:00"), ("Pacific/Apia", "2011-12-30T10:00"), ("Asia/Kathmandu", "2026-05-01T00:00"),
    ("Europe/Dublin", "2026-10-25T01:00"), ("Antarctica/Troll", "2026-03-29T01:00"), ("Asia/Pyongyang", "2018-05-04T15:00"),
    ("America/St_Johns", "2010-11-07T02:31"), ("Pacific/Kwajalein", "1993-08-21T12:00"), ("America/Nuuk", "2026-03-29T01:00"),
]


def readings(after: datetime, until: datetime, zone: ZoneInfo) -> dict[datetime, datetime]:
    """When a clock that is looked at every minute first shows each wall time; one that it skips, as much later as it jumped.

    By looking alone: a second opinion on `engage.model.localtime.to_utc`. Complete for wall times that come in `[after, until]`.
    """
    seen: dict[datetime, datetime] = {}
    moment = after - timedelta(hours=30)
    before = _shown(moment, zone)
    while moment <= until:
        wall = _shown(moment, zone)
        for skipped in range(1, int((wall - before) / MINUTE)):
            seen.setdefault(before + skipped * MINUTE, moment + (skipped - 1) * MINUTE)
        seen.setdefault(wall, moment)
        moment, before = moment + MINUTE, wall
    return seen


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
