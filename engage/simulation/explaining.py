"""Why a contact would or would not get a campaign: the very trigger, audience and decision that send, asked at one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, final

from engage.model.campaign import Campaign
from engage.model.contact import Contact
from engage.model.delivery import Approved, Decision, Deferred, Facts, Held, Intent, Refused
from engage.model.localtime import add_everywhere, end_of_day_everywhere, known
from engage.model.run import Run
from engage.model.steps import Send, every_send
from engage.model.time import EndOfDay
from engage.model.triggers import DateTrigger, EventTrigger, ScheduleTrigger
from engage.model.workspace import Workspace
from engage.planning.occurrences import date_slots, next_occurrence
from engage.planning.slots import Residence, Slot
from engage.planning.versions import live_campaigns
from engage.policy import decide
from engage.rules.expressions import Clause, Lookup, clauses, holds
from engage.rules.scopes import scope

AHEAD = timedelta(days=366 * 8 + 31)
"""How far a date is looked for: eight years, as a leap day that is skipped may be so far away (1896 to 1904, 2096 to 2104)."""


class Inquiry(Protocol):
    """What explaining reads."""

    def runs(self, campaign: str, contact_id: int) -> Sequence[Run]:
        """The contact's runs of the campaign, newest first."""
        ...

    def facts(self, intent: Intent, *, now: datetime) -> Facts:
        """What the decision would be told about a delivery that has no row."""
        ...

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One send of the campaign, and what would be decided about it at a moment."""

    step: str
    message: str
    at: datetime
    decision: Decision


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All of it. `chance` is the next moment at which the contact would enter, `then` the decisions at that moment."""

    campaign: str
    contact: str
    at: datetime
    live: bool
    trigger: str
    in_audience: bool
    clauses: tuple[Clause, ...]
    runs: tuple[Run, ...]
    now: tuple[Answer, ...]
    chance: datetime | None
    then: tuple[Answer, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One campaign, one contact, one moment."""

    workspace: Workspace
    campaign: Campaign
    contact: Contact
    at: datetime
    inquiry: Inquiry
    zones_of: Callable[[str], tuple[str, ...]]


def explain(case: Case) -> Explanation:
    """Ask everything that would be asked."""
    audience = case.campaign.audience
    asked = scope(case.workspace, contact=case.contact, now=case.at, lookup=case.inquiry.lookup(case.contact.id, now=case.at))
    chance = _chance(case)
    return Explanation(
        campaign=case.campaign.name, contact=case.contact.label, at=case.at,
        live=case.campaign.name in {campaign.name for campaign in live_campaigns(case.workspace, case.at)},
        trigger=trigger_sentence(case.campaign, case.contact),
        in_audience=audience is None or holds(audience, asked),
        clauses=clauses(audience, asked) if audience is not None else (),
        runs=tuple(case.inquiry.runs(case.campaign.name, case.contact.id)),
        now=tuple(_answer(case, send, case.at) for send in every_send(case.campaign.steps)),
        chance=chance,
        then=tuple(_answer(case, send, chance) for send in every_send(case.campaign.steps)) if chance is not None else (),
    )


def outcome_sentence(decision: Decision) -> str:
    """The decision's answer in a few words."""
    match decision:
        case Approved():
            return f"send by {decision.channel}"
        case Deferred():
            return f"defer until {decision.until.isoformat()} ({decision.reason})"
        case Held():
            return f"hold: {decision.reason}"
        case Refused():
            return f"{decision.state}: {decision.reason}"


def trigger_sentence(campaign: Campaign, contact: Contact) -> str:
    """What enters this contact, with its own value where the trigger is a date."""
    match campaign.trigger:
        case DateTrigger() as trigger:
            value = contact.attributes.get(trigger.attribute)
            own = "missing" if value is None else str(value)
            return f"{trigger.repeat} on {trigger.attribute} at {trigger.at:%H:%M}; this contact's is {own}"
        case EventTrigger() as trigger:
            where = f" where {trigger.where.source}" if trigger.where is not None else ""
            return f"when {trigger.event} happens{where}"
        case ScheduleTrigger() as trigger:
            when = trigger.cron or ", ".join(moment.isoformat(sep=" ") for moment in trigger.moments)
            return f"at {when} ({trigger.zone or 'the contact’s own time'})"


def _chance(case: Case) -> datetime | None:
    residence = Residence(zone_key=case.contact.zones.key, country=case.contact.text("country"))
    trigger, home = case.campaign.trigger, case.workspace.settings.timezone
    match trigger:
        case DateTrigger():
            slots = date_slots(
                trigger, residences=(residence,), after=case.at, until=case.at + AHEAD, zones_of=case.zones_of, default_zone=home
            )
            return min((slot.at for slot in slots if _falls_on(slot, case.contact)), default=None)
        case ScheduleTrigger():
            return next_occurrence(trigger, residences=(residence,), after=case.at, zones_of=case.zones_of, default_zone=home)
        case EventTrigger():
            return None


def _falls_on(slot: Slot, contact: Contact) -> bool:
    match = slot.match
    day = contact.attributes.get(match.attribute) if match is not None else None
    if match is None or not isinstance(day, date):
        return False
    fits = (match.day == day.day, match.month == day.month, match.year in (None, day.year))
    return all(fits) and match.base_year - day.year >= match.min_years


def _answer(case: Case, send: Send, at: datetime) -> Answer:
    zones = known(case.contact.zones, case.workspace.settings.timezone)
    expires = end_of_day_everywhere(at, zones) if isinstance(send.expires, EndOfDay) else add_everywhere(at, send.expires, zones)
    intent = Intent(
        id=0, run_id=None, campaign=case.campaign.name, version=case.campaign.version, step=send.id or send.path, message=send.message,
        purpose=send.purpose, contact_id=case.contact.id, channels=send.channels, intended_at=at, due_at=at, expires_at=expires,
        priority=case.campaign.priority, to=send.to if isinstance(send.to, str) else None, quiet_hours=send.quiet_hours,
    )
    facts = case.inquiry.facts(intent, now=at)
    return Answer(
        step=intent.step, message=send.message, at=at,
        decision=decide(intent, facts, now=at, settings=case.workspace.settings, campaign=case.campaign),
    )
