"""What a message's templates may read: the contact, the trigger, the values handed over, the tables, the company, the links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, Contact
from engage.model.delivery import Links
from engage.model.steps import Call, WaitFor, every_send, every_step
from engage.model.triggers import OF_EVENT, Kinds, ScheduleTrigger, trigger_kinds
from engage.model.workspace import Company, Settings, Workspace
from engage.templates.fields import Fields, plain, typed
from engage.templates.functions import membership
from engage.templates.linking import Sign, answering, confirming
from engage.templates.scope import Segments

ALWAYS = frozenset({"contact", "trigger", "data", "company", "message", "now", "today", "in_segment"})
"""The names that every template has, beside those given by `as` and `with`."""

RECORDS = frozenset({"contact", "trigger", "data", "company", "message"})
"""Those of them that are fields by name."""

_COMPANY = frozenset({"name", "address"})
CARRYING = ("answer_url", "confirm_url")
"""Those of `message` that make links which carry something."""

LINKS = frozenset({"unsubscribe_url", "preferences_url", "view_in_browser_url", "answer_url", "confirm_url"})
"""What `message` has."""


class Reading:
    """Puts together what the templates of one workspace see; what is the same for every reader is made once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.contact_kinds: Kinds = {**BUILT_IN_ATTRIBUTES, **workspace.settings.attributes}
        self.fields = {"contact": frozenset(self.contact_kinds), "company": _COMPANY, "message": LINKS}
        self._tables = Fields("data", {name: _table(name, rows) for name, rows in workspace.data.items()})
        self._days: dict[str, tuple[datetime, date]] = {}
        self._triggers: dict[str, tuple[Mapping[str, object], _Handed, Fields]] = {}
        self._company = _company(workspace.settings.company)
        purposes = workspace.settings.purposes.values()
        self._companies = {purpose.name: _company(purpose.company) for purpose in purposes if purpose.company is not None}
        self._campaigns = {name: _handed(campaign, workspace.settings) for name, campaign in workspace.campaigns.items()}

    def of(
        self, *, campaign: str | None, contact: Contact, trigger: Mapping[str, object], values: Mapping[str, object],
        now: datetime, zone: ZoneInfo, purpose: str, links: Links, sign: Sign | None, segments: Segments | None,
        reads: frozenset[str] = ALWAYS,
    ) -> dict[str, object]:  # fmt: skip
        """The data by name; of what is always there only what is in `reads`. Names that the campaign gives by `as` are none at first."""
        handed = self._campaigns.get(campaign or "", _NOTHING)
        names = handed.names(values)
        if "contact" in reads:
            names["contact"] = Fields("contact", contact.attributes, self.contact_kinds)
        if "message" in reads:
            names["message"] = self._links_of(links, sign)
        if "company" in reads:
            names["company"] = self.company(purpose)
        if "trigger" in reads:
            names["trigger"] = self._trigger(handed, trigger, zone)
        if "data" in reads:
            names["data"] = self._tables
        if "now" in reads:
            names["now"] = now
        if "today" in reads:
            names["today"] = self._today(now, zone)
        if "in_segment" in reads:
            names["in_segment"] = membership(segments.in_segment if segments is not None else None)
        return names

    def _today(self, now: datetime, zone: ZoneInfo) -> date:
        """The reader's day; the readers of one batch share their `now`."""
        at, day = self._days.get(zone.key, (None, None))
        if at is not now or day is None:
            day = now.astimezone(zone).date()
            self._days[zone.key] = (now, day)
        return day

    def _trigger(self, handed: _Handed, trigger: Mapping[str, object], zone: ZoneInfo) -> Fields:
        """The trigger's fields; who enters by a schedule shares his with the others."""
        last = self._triggers.get(zone.key)
        if last is not None and last[0] is trigger and last[1] is handed:
            return last[2]
        read = typed("trigger", handed.where_they_live(trigger, zone), handed.trigger)
        self._triggers[zone.key] = (trigger, handed, read)
        return read

    def _links_of(self, links: Links, sign: Sign | None) -> Fields:
        """`message`: the links of this delivery; `sign` makes those that carry something, where any is asked for."""
        values: dict[str, object] = {
            "unsubscribe_url": links.unsubscribe, "preferences_url": links.preferences, "view_in_browser_url": links.view,
        }
        if sign is not None:
            settings = self._workspace.settings
            values |= {"answer_url": answering(sign, settings), "confirm_url": confirming(sign, settings)}
        return Fields("message", values)

    def company(self, purpose: str) -> Fields:
        """The purpose's own company (a second brand), else the workspace's."""
        return self._companies.get(purpose, self._company)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Handed:
    """What one campaign hands to its templates: the trigger's fields, and names given by `as`."""

    trigger: Kinds = field(default_factory=dict)
    is_scheduled: bool = False
    events: Mapping[str, Kinds] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()

    def where_they_live(self, trigger: Mapping[str, object], zone: ZoneInfo) -> Mapping[str, object]:
        """The trigger, with a schedule's wall time `at` as the moment at which the reader's own clock shows it."""
        at = trigger.get("at")
        if not self.is_scheduled or not isinstance(at, str):
            return trigger
        wall = datetime.fromisoformat(at)
        return trigger if wall.tzinfo is not None else {**trigger, "at": wall.replace(tzinfo=zone)}

    def names(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values handed over, events with all their declared fields; what is not given yet is none."""
        names: dict[str, object] = dict.fromkeys(self.blank)
        for name, value in values.items():
            names[name] = self._value(name, value)
        return names

    def _value(self, name: str, value: object) -> object:
        if name in self.events and isinstance(value, Mapping):
            return typed(name, value, self.events[name])
        return plain(name, value)


def _handed(campaign: Campaign, settings: Settings) -> _Handed:
    events = events_by_name(campaign, settings)
    scheduled = isinstance(campaign.trigger, ScheduleTrigger)
    others = sends_by_name(campaign) | calls_by_name(campaign)
    return _Handed(trigger=read_of_trigger(campaign, settings) or {}, is_scheduled=scheduled, events=events, blank=others | events.keys())


_NOTHING = _Handed()


def _company(company: Company) -> Fields:
    return Fields("company", {"name": company.name, "address": company.address or None})


def read_of_trigger(campaign: Campaign, settings: Settings) -> Kinds | None:
    """The fields of `trigger` as templates read them: a schedule's `at` is a moment here, so that the filters take it.

    None where only the caller knows them.
    """
    kinds = trigger_kinds(campaign.trigger, settings.events)
    return {**kinds, "at": AttributeKind.DATETIME} if kinds and isinstance(campaign.trigger, ScheduleTrigger) else kinds


def events_by_name(campaign: Campaign, settings: Settings) -> Mapping[str, Kinds]:
    """The names that `wait_for` gives its event by `as`, with the event's fields."""
    waits = [step for step in every_step(campaign.steps) if isinstance(step, WaitFor) and step.as_]
    return {str(wait.as_): {**settings.events.get(wait.event, {}), **OF_EVENT} for wait in waits}


def sends_by_name(campaign: Campaign) -> frozenset[str]:
    """The names that sends give their outcome by `as`."""
    return frozenset(send.as_ for send in every_send(campaign.steps) if send.as_)


def calls_by_name(campaign: Campaign) -> frozenset[str]:
    """The names that calls give their answer by `as`: whatever the endpoint says."""
    return frozenset(step.as_ for step in every_step(campaign.steps) if isinstance(step, Call) and step.as_)


def _table(name: str, rows: Mapping[str, Mapping[str, str]]) -> Fields:
    return Fields(f"data.{name}", {key: Fields(f"data.{name}.{key}", dict(row)) for key, row in rows.items()})
