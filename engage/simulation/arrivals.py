"""The triggers that no clock foresees: events, segments, and people who enroll by hand. Visitor -> Entrance."""

from __future__ import annotations

from engage.model.contact import Event
from engage.model.run import RunState
from engage.model.triggers import Change, EventTrigger, SegmentTrigger
from engage.model.values import to_json
from engage.rules.expressions import clauses, evaluate, holds
from engage.rules.scopes import event_trigger
from engage.simulation.explanation import Finding
from engage.simulation.visitor import Entrance, Visitor, under

LATEST = 5
"""How many of a contact's events are told, the last ones."""


def by_event(trigger: EventTrigger, visitor: Visitor) -> Entrance:
    """The latest events of the contact, and what became of each."""
    where = f" where {trigger.where.source}" if trigger.where is not None else ""
    events = visitor.records.events(visitor.contact.id, [trigger.event], until=visitor.at)[-LATEST:]
    findings = [_about(event, trigger, visitor) for event in reversed(events)]
    if not findings:
        findings = [Finding(name=trigger.event, passed=False, why="no such event of this contact is known")]
    condition = " for which `where` holds" if trigger.where is not None else ""
    last = next((event for event in reversed(events) if _where_holds(event, trigger, visitor)), None)
    return Entrance(
        says=f"when {trigger.event} happens to the contact{where}", findings=tuple(findings), at=None,
        why=f"with the next {trigger.event}{condition}", trigger=event_trigger(last) if last is not None else {},
    )


def _where_holds(event: Event, trigger: EventTrigger, visitor: Visitor) -> bool:
    return trigger.where is None or holds(trigger.where, visitor.scope(event))


def _about(event: Event, trigger: EventTrigger, visitor: Visitor) -> Finding:
    asked, when = visitor.scope(event), visitor.told(event.at)
    if trigger.where is not None and not holds(trigger.where, asked):
        why = f"{when}: `where` does not hold"
        return Finding(name=trigger.event, passed=False, at=event.at, why=why, clauses=clauses(trigger.where, asked))
    value = evaluate(trigger.key, asked) if trigger.key is not None else None
    key = event.id if value is None else str(value)
    return Finding(name=trigger.event, passed=True, at=event.at, why=f"{when}: {_become_of(key, visitor)}")


def _become_of(key: str, visitor: Visitor) -> str:
    run = under(key, visitor)
    if run is None:
        return f"its key {key} is free: it did not enter then"
    if run.state is RunState.RETURNED:
        return f"its run ended before its first message, and gave the key {key} back"
    return f"its key {key} is taken: its run is {run.state.value.replace('_', ' ')}"


def by_segment(trigger: SegmentTrigger, visitor: Visitor) -> Entrance:
    """Whether the contact is in the segment, since when, and why."""
    asked = visitor.scope()
    inside = asked.answers.in_segment(trigger.segment)
    seen = visitor.records.membership(trigger.segment, visitor.contact.id)
    segment = visitor.workspace.segments.get(trigger.segment)
    moved_at = seen.moved_at if seen is not None and seen.inside is inside else None
    since = f" since {visitor.told(moved_at)}" if moved_at is not None else ""
    finding = Finding(
        name=trigger.segment, why=f"it is {'' if inside else 'not '}in it{since}", at=moved_at,
        clauses=clauses(segment.audience, asked) if segment is not None and segment.audience is not None else (),
    )
    return Entrance(
        says=f"when the contact {'comes to be in' if trigger.change is Change.ENTERS else 'leaves'} the segment {trigger.segment}",
        findings=(finding,), at=None, why=_once_it_moves(trigger, inside=inside),
        trigger={"segment": trigger.segment, "at": to_json(visitor.at)},
    )


def _once_it_moves(trigger: SegmentTrigger, *, inside: bool) -> str:
    match trigger.change, inside:
        case Change.ENTERS, True:
            return f"once it has left {trigger.segment} and comes to be in it again"
        case Change.ENTERS, False:
            return f"once it comes to be in {trigger.segment}"
        case Change.LEAVES, True:
            return f"once it leaves {trigger.segment}"
        case _:
            return f"once it has come to be in {trigger.segment}, and leaves it again"


def by_hand(visitor: Visitor) -> Entrance:
    """How somebody would do it."""
    name = visitor.campaign.name
    how = f"engage enroll {name} {visitor.contact.label}, or POST /v1/campaigns/{name}/enroll"
    return Entrance(says="by hand", findings=(), at=None, why=f"once somebody enrolls it: {how}")
