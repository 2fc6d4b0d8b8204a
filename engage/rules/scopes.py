"""What the names of an expression stand for at run time: trigger, event and `as` names, typed. Run -> Scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never

from engage.model.campaign import Binding, Campaign, DateTrigger, EventTrigger, ScheduleTrigger
from engage.model.contact import AttributeKind, Contact, Event, Value
from engage.model.expression import Expression
from engage.model.localtime import date_everywhere, known, local_date, zone
from engage.model.run import Run
from engage.model.values import from_json, to_json, unpack
from engage.model.workspace import Workspace
from engage.rules.expressions import Lookup, Scope, evaluate

DATE_TRIGGER = {"date": AttributeKind.DATE, "years": AttributeKind.NUMBER}
SCHEDULE_TRIGGER = {"at": AttributeKind.TEXT}
EVENT_TRIGGER = {"event_id": AttributeKind.TEXT, "event_type": AttributeKind.TEXT, "event_at": AttributeKind.DATETIME}


def trigger_kinds(campaign: Campaign, workspace: Workspace) -> Mapping[str, AttributeKind]:
    """The fields that `trigger` has in this campaign."""
    match campaign.trigger:
        case DateTrigger():
            return DATE_TRIGGER
        case ScheduleTrigger():
            return SCHEDULE_TRIGGER
        case EventTrigger(event=event):
            return {**EVENT_TRIGGER, **workspace.settings.events.get(event, {})}
        case _ as never:
            assert_never(never)


def typed(raw: Mapping[str, object], kinds: Mapping[str, AttributeKind]) -> Mapping[str, Value]:
    """JSON values as those kinds; what is wrongly typed is missing."""
    return {name: from_json(raw.get(name), kind) for name, kind in kinds.items()}


def event_trigger(event: Event) -> Mapping[str, object]:
    """What a run that this event enters keeps as its trigger, as JSON."""
    own: Mapping[str, Value] = {"event_id": event.id, "event_type": event.type, "event_at": event.at}
    return {name: to_json(value) for name, value in {**event.data, **own}.items()}


def scope(
    workspace: Workspace, *, contact: Contact | None, now: datetime, lookup: Lookup | None = None,
    campaign: Campaign | None = None, run: Run | None = None, event: Event | None = None,
) -> Scope:
    """All names that an expression may use at this point of a run."""
    values: dict[str, object] = {}
    if run is not None and campaign is not None:
        values["trigger"] = typed(run.trigger, trigger_kinds(campaign, workspace))
        values.update({name: unpack(raw) for name, raw in run.variables.items()})
    if event is not None:
        values["event"] = event.data
    return Scope(contact=contact, values=values, now=now, today=today(workspace, contact, now), data=workspace.data, lookup=lookup)


def today(workspace: Workspace, contact: Contact | None, now: datetime) -> date:
    """The contact's local date; the workspace's for an event about nobody."""
    default = workspace.settings.timezone
    return local_date(now, zone(default)) if contact is None else date_everywhere(now, known(contact.zones, default))


def bind(binding: Binding, scope: Scope) -> object:
    """What stands in `with` and `to`, with its expressions evaluated; each keeps its type."""
    match binding:
        case Expression():
            return evaluate(binding, scope)
        case Mapping():
            return {name: bind(item, scope) for name, item in binding.items()}
        case tuple():
            return tuple(bind(item, scope) for item in binding)
        case _:
            return binding
