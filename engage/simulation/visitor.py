"""One contact before the door of one campaign, and what is on record about it: what `explain` goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol, final

from engage.model.campaign import Campaign
from engage.model.contact import Contact, Event
from engage.model.localtime import add_everywhere, known, zone
from engage.model.run import Run, RunState
from engage.model.workspace import Workspace
from engage.planning.segments import Membership
from engage.planning.whereabouts import ZonesOf
from engage.rules.expressions import Lookup, Scope
from engage.rules.scopes import scope
from engage.simulation.explanation import Finding


class Records(Protocol):
    """What is on record about one contact."""

    def runs(self, campaign: str, contact_id: int) -> Sequence[Run]:
        """The contact's runs of the campaign, newest first."""
        ...

    def events(self, contact_id: int, types: Sequence[str], *, since: datetime | None = None, until: datetime) -> Sequence[Event]:
        """The contact's events of these types with `at` within these moments, both included, in the order of `at`."""
        ...

    def membership(self, segment: str, contact_id: int) -> Membership | None:
        """What was seen of the contact at the last look at the segment; None where it was never inside, or nobody looked."""
        ...

    def went_live(self, campaign: str) -> datetime | None:
        """When the campaign went live; None where it never did."""
        ...

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One contact before the door of one campaign, at a moment."""

    workspace: Workspace
    campaign: Campaign
    contact: Contact
    at: datetime
    records: Records
    zones_of: ZonesOf
    runs: Sequence[Run] = field(default=())

    @property
    def home(self) -> str:
        """The zone by which people read this contact's hours: of several the first."""
        return known(self.contact.zones, self.workspace.settings.timezone).names[0]

    def told(self, moment: datetime) -> str:
        """A moment as the contact's own clock shows it, and in UTC."""
        return f"{moment.astimezone(zone(self.home)):%a %d %b %Y %H:%M} in {self.home} ({moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"

    def scope(self, event: Event | None = None) -> Scope:
        """What expressions may name, as of the moment."""
        lookup = self.records.lookup(self.contact.id, now=self.at)
        return scope(self.workspace, contact=self.contact, now=self.at, lookup=lookup, event=event)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """`says` is the trigger in a sentence. `at` is the next moment at which it lets the contact in, by time alone; None: `why`.

    `shut`: nor will anything that happens. `trigger` is what the run's trigger would hold then, as JSON.
    """

    says: str
    findings: tuple[Finding, ...]
    at: datetime | None
    why: str
    shut: bool = False
    key: str = ""
    trigger: Mapping[str, object] = field(default_factory=dict)


def under(key: str, visitor: Visitor) -> Run | None:
    """The contact's run under that key; one that gave it back among the others, where no run has it now."""
    free = (run for run in visitor.runs if run.key == f"{key}#{run.id}")
    return next((run for run in visitor.runs if run.key == key), next(free, None))


def validity(visitor: Visitor, day: date) -> Finding:
    """Whether the campaign is valid on that day of the workspace's zone; None: not yet."""
    first, last = visitor.campaign.valid_from, visitor.campaign.valid_until
    span = " ".join(filter(None, (f"from {first}" if first else "", f"until {last}" if last else "")))
    over = last is not None and last < day
    return Finding(name="valid", passed=None if first is not None and day < first else not over, why=f"the campaign is valid {span}")


def kept_out(visitor: Visitor, at: datetime) -> Run | None:
    """The run because of which `re_entry` would let nobody in at that moment."""
    rule = visitor.campaign.re_entry
    counted = [run for run in visitor.runs if run.state is not RunState.RETURNED]
    if not rule.allowed:
        return max(counted, key=lambda run: run.intended_at, default=None)
    if rule.after is None:
        return None
    since = add_everywhere(at, -rule.after, known(visitor.contact.zones, visitor.workspace.settings.timezone))
    return next((run for run in counted if run.intended_at > since), None)
