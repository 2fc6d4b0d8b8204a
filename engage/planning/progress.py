"""2b What a run goes through: all that it may ask on the way, and how far it came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import final

from engage.model.campaign import Campaign, Status
from engage.model.contact import Consent, Contact, Event, Value
from engage.model.expression import Expression
from engage.model.history import Kind, Touch
from engage.model.localtime import known, local_date, zone
from engage.model.run import Run, RunState
from engage.model.steps import Sign, Step
from engage.model.time import Zones
from engage.model.workspace import Workspace
from engage.planning.ports import Transaction
from engage.planning.positions import END, name_of, step_at
from engage.planning.requests import ArmResult, NewCall, NewDelivery, Part
from engage.rules.expressions import Lookup, Scope, holds
from engage.rules.scopes import scope

ANY_OF = "|"
"""Between the types in `waiting_for`, where a run waits for any of several events."""

EventsSince = Callable[[Sequence[str], datetime], Sequence[Event]]
"""The contact's events of some types with `at` not before a moment, in order."""

ArmResults = Callable[[Sequence[Sequence[str]], Sign], Sequence[ArmResult]]
"""How the arms of a split of this campaign's version do, each given by the names of its sends."""

Seen = Callable[[str, str], None]
"""Told the campaign and the path of each step that a run takes, and of each branch that it goes into: `2`, `2.then`.

What is no branch of its own is told like one: a step passed over as its `when` did not hold, what became of a `wait_for`.
"""

SKIPPED, ANSWERED, TIMED_OUT = "skipped", "answered", "timed_out"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a run goes through, and all that it may ask on the way. `parts` are the deliveries of its present step."""

    workspace: Workspace
    campaign: Campaign
    contact: Contact
    now: datetime
    lookup: Lookup
    events_since: EventsSince
    parts: tuple[Part, ...] = ()
    arm_results: ArmResults = lambda arms, sign: [ArmResult() for _ in arms]
    seen: Seen = lambda campaign, path: None

    @classmethod
    def within(
        cls, tx: Transaction, *, workspace: Workspace, campaign: Campaign, contact: Contact, now: datetime,
        seen: Seen = lambda campaign, path: None,
    ) -> Journey:
        """One whose questions are answered by an open transaction."""
        return cls(
            workspace=workspace, campaign=campaign, contact=contact, now=now, lookup=tx.lookup(contact.id, now=now),
            events_since=lambda types, since: tx.events_of_contact(contact.id, types=types, since=since), seen=seen,
        )

    def told(self, *, events: Sequence[Event], parts: Sequence[Part]) -> Journey:
        """With the contact's events that it may ask for, and the deliveries of its present step, read for many at once."""
        return replace(
            self, parts=tuple(parts),
            events_since=lambda types, since: [event for event in events if event.type in types and event.at >= since],
        )

    def scope(self, run: Run, *, event: Event | None = None) -> Scope:
        """The names an expression may use at this point."""
        return scope(
            self.workspace, contact=self.contact, now=self.now, lookup=self.lookup, campaign=self.campaign, run=run, event=event
        )

    def holds(self, condition: Expression | None, run: Run, *, event: Event | None = None) -> bool:
        """Whether the condition holds at this point; one that is not there does."""
        return condition is None or holds(condition, self.scope(run, event=event))

    @property
    def has_ended(self) -> bool:
        """Whether the campaign is no longer in the workspace, a draft again, or past its last day: it does nothing more."""
        newest = self.workspace.campaigns.get(self.campaign.name)
        if newest is None or newest.status is Status.DRAFT:
            return True
        today = local_date(self.now, zone(self.workspace.settings.timezone))
        return any(each.valid_until is not None and each.valid_until < today for each in (self.campaign, newest))

    @property
    def zones(self) -> Zones:
        """The zones by which this contact's waits go; the workspace's where its own is broken."""
        return known(self.contact.zones, self.workspace.settings.timezone)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run as it goes on, and what it asked for. `changes` and `consents` must be written before it goes further."""

    run: Run
    deliveries: tuple[NewDelivery, ...] = ()
    touches: tuple[Touch, ...] = ()
    calls: tuple[NewCall, ...] = ()
    events: tuple[Event, ...] = ()
    changes: Mapping[str, Value] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    moving: bool = True

    @property
    def writes_contact(self) -> bool:
        """Whether it stopped only until what it says of its contact is written."""
        return bool(self.changes or self.consents)

    def at(self, position: str) -> Progress:
        """Go on at this position."""
        return replace(self, run=replace(self.run, position=position, waiting_for=None, outcome=None, part=0))

    def waiting(self, *, until: datetime | None, position: str | None = None, waiting_for: str | None = None) -> Progress:
        """Stop here until then; None: until what it waits for is final."""
        run = replace(self.run, due_at=until, position=position or self.run.position, waiting_for=waiting_for)
        return replace(self, run=run, moving=False)

    def since(self, moment: datetime) -> Progress:
        """The step became final then."""
        return replace(self, run=replace(self.run, since=moment))

    def named(self, name: str | None, value: object) -> Progress:
        """With a JSON value under the name that the step gives by `as`."""
        if name is None:
            return self
        return replace(self, run=replace(self.run, variables={**self.run.variables, name: value}))

    def written(self) -> Progress:
        """What it said of its contact is written: it goes on."""
        return replace(self, changes={}, consents=(), moving=True)


def has_arrived(run: Run) -> bool:
    """Whether the run comes to its step only now, and does not wait there already."""
    return run.outcome is None and run.waiting_for is None and run.part == 0


def waits_for(run: Run, event: Event) -> bool:
    """Whether the event is of a type that the run waits for."""
    return run.waiting_for is not None and event.type in run.waiting_for.split(ANY_OF)


def end(progress: Progress, journey: Journey, *, state: RunState, kind: Kind, reason: str | None = None) -> Progress:
    """End the run, with its touch; an exit's names the step that it was at, or would have taken."""
    step = step_at(journey.campaign.steps, progress.run.position)
    position = END if state is RunState.FINISHED else progress.run.position
    run = replace(progress.run, state=state, position=position, due_at=None, waiting_for=None)
    touch = touch_of(run, kind, at=journey.now, reason=reason, step=step)
    return replace(progress, run=run, touches=(*progress.touches, touch), moving=False)


def touch_of(run: Run, kind: Kind, *, at: datetime, reason: str | None = None, step: Step | None = None) -> Touch:
    """A touch about the run itself."""
    return Touch(
        at=at, contact_id=run.contact_id, kind=kind, campaign=run.campaign, version=run.version, run_id=run.id,
        step=None if step is None else name_of(step), reason=reason,
    )
