"""When a trigger lets contacts in: `trigger + residences + a stretch of time -> slots`, and the next moment worth a look.

Pure: who is in the audience, and whose date it is, is the store's to find out, slot by slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from engage.model.triggers import DateTrigger, EventTrigger, ManualTrigger, ScheduleTrigger, SegmentTrigger, Trigger
from engage.planning.dates import date_slots, late_date_slots
from engage.planning.schedules import next_schedule_moment, schedule_slots
from engage.planning.slots import Residence
from engage.planning.whereabouts import DEFAULT_ZONE, LONGEST_GAP, ZonesOf, days_at, zones_behind

__all__ = ["date_slots", "late_date_slots", "needs_country", "next_occurrence", "schedule_slots"]

_DAY = timedelta(days=1)


def needs_country(trigger: Trigger) -> bool:
    """Whether the residences must come by country, since days off move what falls on them."""
    return isinstance(trigger, DateTrigger | ScheduleTrigger) and trigger.day_off is not None


def next_occurrence(
    trigger: Trigger, *, residences: Sequence[Residence], after: datetime, zones_of: ZonesOf, default_zone: str = DEFAULT_ZONE,
    went_live: datetime | None = None,
) -> datetime | None:
    """The first moment after `after` at which anybody may enter, for a clock that jumps; None where time alone lets nobody in.

    For dates every residence's hour is such a moment, whether or not anybody's date falls on that day.
    """
    match trigger:
        case EventTrigger() | SegmentTrigger() | ManualTrigger():
            return None
        case DateTrigger():
            return _next_hour(trigger, residences, after, zones_of, default_zone)
        case ScheduleTrigger():
            return next_schedule_moment(
                trigger, residences=residences, after=after, zones_of=zones_of, default_zone=default_zone, went_live=went_live,
            )


def _next_hour(
    trigger: DateTrigger, residences: Sequence[Residence], after: datetime, zones_of: ZonesOf, default_zone: str,
) -> datetime | None:
    places = [zones_behind(key, zones_of, default_zone) for key in {residence.zone_key for residence in residences}]
    for span in (_DAY, _DAY + LONGEST_GAP):  # a day does nearly always, and costs least
        moments = [moment for zones in places for _, moment in days_at(trigger.at, after, after + span, zones)]
        if moments:
            return min(moments)
    return None
