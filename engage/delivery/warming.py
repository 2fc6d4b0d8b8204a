"""Providers that are being warmed up: what each may be given today, and when there is room again. Days are the workspace's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import final
from zoneinfo import ZoneInfo

from engage.delivery.rate_ports import Volumes
from engage.model.localtime import local_date, to_utc
from engage.model.rates import WarmUp
from engage.model.workspace import Channel

DAY = timedelta(days=1)


@final
class Warming:
    """Keeps to the curves. `now` is a moment of the business clock: whatever day it is for campaigns, it is for these."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes

    def take(self, way: Channel, wanted: int, *, now: datetime, zone: ZoneInfo) -> int:
        """Count up to so many of today's for this way; how many may go."""
        day = local_date(now, zone)
        most = None if way.warm_up is None else way.warm_up.allowance(day)
        if most is None or wanted == 0:
            return wanted
        return self._volumes.take(way.key, day, wanted=wanted, most=most) if most else 0

    def give_back(self, way: Channel, messages: int, *, now: datetime, zone: ZoneInfo) -> None:
        """What was counted and then not handed over counts no more."""
        day = local_date(now, zone)
        if messages and way.warm_up is not None and way.warm_up.allowance(day):
            self._volumes.give_back(way.key, day, messages)

    def ready_at(self, ways: Iterable[Channel], *, now: datetime, zone: ZoneInfo) -> Mapping[str, datetime]:
        """When those have room again that have none today."""
        day = local_date(now, zone)
        most = {way.key: (way.warm_up, way.warm_up.allowance(day)) for way in ways if way.warm_up is not None}
        bounded = {key: (curve, allowed) for key, (curve, allowed) in most.items() if allowed is not None}
        taken = self._volumes.taken(bounded, day) if bounded else {}
        return {key: _opens(curve, day, zone) for key, (curve, allowed) in bounded.items() if taken.get(key, 0) >= allowed}


def _opens(curve: WarmUp, today: date, zone: ZoneInfo) -> datetime:
    """The beginning of the next day that has room."""
    return to_utc(datetime.combine(max(curve.since, today + DAY), time()), zone)
