"""What lets a contact into a campaign, and what `trigger` then holds in expressions and templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import assert_never, final

from engage.model.contact import AttributeKind
from engage.model.expression import Expression


class Repeat(StrEnum):
    YEARLY = "yearly"
    MONTHLY = "monthly"
    ONCE = "once"


class LeapDay(StrEnum):
    FEB_28 = "feb-28"
    MAR_01 = "mar-01"
    SKIP = "skip"


class DayOff(StrEnum):
    """Where something that falls on a day off goes: to the last working day before it, or the first after it."""

    BEFORE = "before"
    AFTER = "after"


class Again(StrEnum):
    IGNORE = "ignore"
    RESTART = "restart"


class Late(StrEnum):
    SKIP = "skip"
    NOW = "now"
    NEXT_DAY = "next_day"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DateTrigger:
    """Every contact whose date recurs. The day is: base date, leap-day rule, then `offset` days, then `day_off`, then `at`."""

    attribute: str
    at: time
    repeat: Repeat = Repeat.YEARLY
    offset_days: int = 0
    leap_day: LeapDay = LeapDay.FEB_28
    min_years: int = 0
    day_off: DayOff | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """The contact an event is about; an event about nobody enters the whole audience. `key` default: the event's id."""

    event: str
    where: Expression | None = None
    key: Expression | None = None
    again: Again = Again.IGNORE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """The whole audience at a time: either `cron` or `moments` (wall times). `zone` None means each contact's own."""

    cron: str | None = None
    moments: tuple[datetime, ...] = ()
    zone: str | None = None
    day_off: DayOff | None = None
    late: Late = Late.SKIP


class Change(StrEnum):
    """To which side of a segment a contact moved."""

    ENTERS = "enters"
    LEAVES = "leaves"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTrigger:
    """Whoever came to be, or ceased to be, in a segment. `existing` takes those already in it when the campaign goes live."""

    segment: str
    change: Change
    existing: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTrigger:
    """Those named by `engage enroll`; the trigger holds the data handed over."""


Trigger = DateTrigger | EventTrigger | ScheduleTrigger | SegmentTrigger | ManualTrigger

Kinds = Mapping[str, AttributeKind]
"""Names of fields, and of which kind each is."""

OF_DATE: Kinds = {"date": AttributeKind.DATE, "years": AttributeKind.NUMBER}

OF_SCHEDULE: Kinds = {"at": AttributeKind.TEXT}
"""The occurrence's local date and time, `2026-03-02T10:00:00`: a wall time is no instant, so that it stays text."""

OF_SEGMENT: Kinds = {"segment": AttributeKind.TEXT, "at": AttributeKind.DATETIME}

OF_EVENT: Kinds = {"event_id": AttributeKind.TEXT, "event_type": AttributeKind.TEXT, "event_at": AttributeKind.DATETIME}
"""What every event has beside its own fields."""


def trigger_kinds(trigger: Trigger, events: Mapping[str, Kinds]) -> Kinds | None:
    """The fields that `trigger` has, None where only the caller knows; `events` are those declared in engage.yaml."""
    match trigger:
        case DateTrigger():
            return OF_DATE
        case ScheduleTrigger():
            return OF_SCHEDULE
        case SegmentTrigger():
            return OF_SEGMENT
        case ManualTrigger():
            return None
        case EventTrigger(event=event):
            return {**events.get(event, {}), **OF_EVENT}
        case _ as never:
            assert_never(never)
