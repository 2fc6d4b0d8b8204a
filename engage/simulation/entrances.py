"""How a campaign's trigger lets one contact in: what it found until now, and when it comes next. Visitor -> Entrance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import assert_never

from engage.model.localtime import local_date, to_utc, zone
from engage.model.triggers import DateTrigger, EventTrigger, ManualTrigger, ScheduleTrigger, SegmentTrigger
from engage.planning.occurrences import date_slots, next_occurrence, schedule_slots
from engage.planning.slots import Residence, Slot
from engage.planning.versions import begins
from engage.simulation.arrivals import by_event, by_hand, by_segment
from engage.simulation.explanation import Finding
from engage.simulation.visitor import Entrance, Visitor, kept_out, under, validity

AHEAD = timedelta(days=366 * 8 + 31)
"""How far a date is looked for: eight years, as a leap day that is skipped may be so far away (1896 to 1904, 2096 to 2104)."""

OCCURRENCES = 200
"""How many occurrences of a schedule are looked at for one that would let the contact in."""


def entrance(visitor: Visitor) -> Entrance:
    """The trigger's story."""
    match visitor.campaign.trigger:
        case DateTrigger() as trigger:
            return _by_date(trigger, visitor)
        case ScheduleTrigger() as trigger:
            return _by_schedule(trigger, visitor)
        case EventTrigger() as trigger:
            return by_event(trigger, visitor)
        case SegmentTrigger() as trigger:
            return by_segment(trigger, visitor)
        case ManualTrigger():
            return by_hand(visitor)
        case _ as never:
            assert_never(never)


def _by_date(trigger: DateTrigger, visitor: Visitor) -> Entrance:
    value = visitor.contact.attributes.get(trigger.attribute)
    offset = f"{abs(trigger.offset_days)} days {'before' if trigger.offset_days < 0 else 'after'} " if trigger.offset_days else ""
    says = f"{trigger.repeat}, {offset}{trigger.attribute}, at {trigger.at:%H:%M} by the contact's clock"
    if not isinstance(value, date) or isinstance(value, datetime):
        missing = Finding(name=trigger.attribute, passed=False, why="the contact has no such date")
        return Entrance(says=says, findings=(missing,), at=None, why=f"the contact has no {trigger.attribute}", shut=True)
    if value in visitor.workspace.settings.guards.placeholder_dates:
        placeholder = Finding(name=trigger.attribute, passed=False, why=f"{value} stands for a date that is not known (placeholder_dates)")
        return Entrance(says=says, findings=(placeholder,), at=None, why=f"{value} is a placeholder, and never fires", shut=True)
    own = Finding(name=trigger.attribute, passed=True, why=f"the contact's is {value}")
    begins = to_utc(datetime.combine(date(local_date(visitor.at, zone(visitor.home)).year, 1, 1), time()), zone(visitor.home))
    slots = [slot for slot in _date_slots(trigger, visitor, begins) if falls_on(slot, value)]
    recent = [slot for slot in slots if slot.at <= visitor.at][-1:]
    upcoming = [slot for slot in slots if slot.at > visitor.at]
    this_year = [_occurrence(slot, visitor) for slot in (*recent, *upcoming[:1])]
    return _next_of(says, (own, *this_year), iter(upcoming), visitor, never="its day does not come again")


def _date_slots(trigger: DateTrigger, visitor: Visitor, after: datetime) -> Sequence[Slot]:
    return date_slots(
        trigger, residences=(_residence(visitor),), after=after - timedelta(microseconds=1), until=visitor.at + AHEAD,
        zones_of=visitor.zones_of, default_zone=visitor.workspace.settings.timezone,
    )


def falls_on(slot: Slot, day: date) -> bool:
    """Whether a stored date is kept at the slot."""
    match = slot.match
    if match is None:
        return False
    fits = (match.day == day.day, match.month == day.month, match.year in (None, day.year))
    return all(fits) and match.base_year - day.year >= match.min_years


def _occurrence(slot: Slot, visitor: Visitor) -> Finding:
    run = under(slot.key, visitor)
    when = visitor.told(slot.at)
    if run is not None:
        return Finding(name="occurrence", passed=None, at=slot.at, why=f"{when}: it entered then, and its run is {run.state.value}")
    if slot.at <= visitor.at:
        return Finding(name="occurrence", passed=None, at=slot.at, why=f"{when}: this moment has passed, and it did not enter")
    refused = _refused(slot, visitor)
    return Finding(name="occurrence", passed=refused is None, at=slot.at, why=f"{when}: {refused or 'to come'}")


def _by_schedule(trigger: ScheduleTrigger, visitor: Visitor) -> Entrance:
    when = trigger.cron or ", ".join(moment.isoformat(sep=" ", timespec="minutes") for moment in trigger.moments)
    says = f"at {when}, by the clock of {trigger.zone or 'each contact'}"
    entrance_ = _next_of(says, (), _occurrences(trigger, visitor), visitor, never="the schedule does not come round again")
    coming = next(_occurrences(trigger, visitor), None)
    told = () if coming is None else (_occurrence(coming, visitor),)
    return replace(entrance_, findings=told)


def _occurrences(trigger: ScheduleTrigger, visitor: Visitor) -> Iterator[Slot]:
    home, live = visitor.workspace.settings.timezone, visitor.records.went_live(visitor.campaign.name)
    first_day = begins(visitor.campaign, home)
    after = visitor.at if first_day is None else max(visitor.at, first_day - timedelta(microseconds=1))
    for _ in range(OCCURRENCES):
        moment = next_occurrence(
            trigger, residences=(_residence(visitor),), after=after, zones_of=visitor.zones_of, default_zone=home, went_live=live
        )
        if moment is None:
            return
        yield from schedule_slots(
            trigger, residences=(_residence(visitor),), after=after, until=moment, zones_of=visitor.zones_of, default_zone=home,
            went_live=live,
        )
        after = moment


def _next_of(says: str, told: Sequence[Finding], slots: Iterator[Slot], visitor: Visitor, *, never: str) -> Entrance:
    """The first of the slots that nothing keeps the contact out of."""
    why: str | None = None
    for slot in slots:
        refused = _refused(slot, visitor)
        if refused is None:
            return Entrance(
                says=says, findings=tuple(told), at=slot.at, why="then its trigger fires", key=slot.key, trigger=_trigger_of(slot, visitor)
            )
        why = why or refused
    return Entrance(says=says, findings=tuple(told), at=None, why=why or never, shut=True)


def _refused(slot: Slot, visitor: Visitor) -> str | None:
    valid = validity(visitor, local_date(slot.at, zone(visitor.workspace.settings.timezone)))
    if not valid.passed:
        return f"{valid.why} only"
    if under(slot.key, visitor) is not None:
        return "it has entered for the next occurrence already"
    if kept_out(visitor, slot.at) is not None:
        return "re_entry keeps it out"
    return None


def _trigger_of(slot: Slot, visitor: Visitor) -> Mapping[str, object]:
    if slot.match is None:
        return slot.trigger
    value = visitor.contact.attributes.get(slot.match.attribute)
    years = slot.match.base_year - value.year if isinstance(value, date) else None
    return {**slot.trigger, "years": years}


def _residence(visitor: Visitor) -> Residence:
    return Residence(zone_key=visitor.contact.zones.key, country=visitor.contact.text("country"))
