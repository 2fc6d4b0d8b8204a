"""What the names of an expression stand for at run time: trigger, event and `as` names, typed. Run -> Scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from engage.model.campaign import Campaign
from engage.model.contact import AttributeKind, Contact, Event, Value
from engage.model.expression import Expression
from engage.model.localtime import date_everywhere, known, local_date, zone
from engage.model.run import Run
from engage.model.steps import Binding
from engage.model.triggers import trigger_kinds
from engage.model.values import from_json, to_json, unpack
from engage.model.workspace import Workspace
from engage.rules.expressions import Lookup, Scope, evaluate


def typed(raw: Mapping[str, object], kinds: Mapping[str, AttributeKind] | None) -> Mapping[str, object]:
    """JSON values as those kinds; what is wrongly typed is missing. Without kinds each is what it looks like."""
    if kinds is None:
        return {name: unpack(value) for name, value in raw.items()}
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
        values["trigger"] = typed(run.trigger, trigger_kinds(campaign.trigger, workspace.settings.events))
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
