"""`trigger` as written -> Trigger, every name and expression in it checked."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.errors import Problem, nearest
from engage.model.triggers import Change, DateTrigger, EventTrigger, ManualTrigger, ScheduleTrigger, SegmentTrigger, Trigger
from engage.rules.known import Known, expression, refuse_unknown
from engage.rules.schema.trigger import (
    DateSection,
    EntersSection,
    EventSection,
    LeavesSection,
    ManualSection,
    ScheduleSection,
    TriggerSection,
)
from engage.rules.tree import Scalar


def read_trigger(section: TriggerSection, known: Known, problems: list[Problem]) -> Trigger:
    """The trigger; what is wrong with it is added to `problems`."""
    match section:
        case DateSection():
            _check_date(section.date, known, problems)
            return DateTrigger(
                attribute=str(section.date), at=section.at, repeat=section.repeat, offset_days=section.offset, leap_day=section.leap_day,
                min_years=section.min_years, day_off=section.day_off,
            )
        case EventSection():
            return _event(section, known, problems)
        case ScheduleSection():
            return _schedule(section, known)
        case EntersSection():
            return _segment(section.enters, Change.ENTERS, known, problems, existing=section.existing)
        case LeavesSection():
            return _segment(section.leaves, Change.LEAVES, known, problems)
        case ManualSection():
            return ManualTrigger()
        case _ as never:
            assert_never(never)


def _event(section: EventSection, known: Known, problems: list[Problem]) -> EventTrigger:
    names = known.names(trigger={}, event=known.fields_of(section.event, problems))
    return EventTrigger(
        event=str(section.event), where=expression(section.where, names, problems), key=expression(section.key, names, problems),
        again=section.again,
    )


def _segment(name: Scalar, change: Change, known: Known, problems: list[Problem], *, existing: bool = False) -> SegmentTrigger:
    if name not in known.segments:
        refuse_unknown("segment", name, dict.fromkeys(known.segments), problems, "has no file in segments/")
    return SegmentTrigger(segment=str(name), change=change, existing=existing)


def _schedule(section: ScheduleSection, known: Known) -> ScheduleTrigger:
    times = section.schedule if isinstance(section.schedule, list) else [section.schedule]
    moments = tuple(sorted({each for each in times if isinstance(each, datetime)}))
    cron = next((each for each in times if isinstance(each, str)), None)
    zone = str(section.zone or known.settings.timezone)
    return ScheduleTrigger(cron=cron, moments=moments, zone=None if zone == "contact" else zone, day_off=section.day_off, late=section.late)


def _check_date(attribute: Scalar, known: Known, problems: list[Problem]) -> None:
    kinds = {**BUILT_IN_ATTRIBUTES, **known.settings.attributes}
    dates = [name for name, kind in kinds.items() if kind is AttributeKind.DATE]
    kind = kinds.get(attribute)
    if kind is AttributeKind.DATE:
        return
    why = "is not declared" if kind is None else f"is of the type {kind}, not a date"
    problems.append(Problem(place=attribute.place, what=f"the attribute `{attribute}` {why}", suggestion=nearest(attribute, dates)))
