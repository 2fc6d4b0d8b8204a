"""2b Journeys: a run at its position -> the run further on, with the deliveries and touches it asks for. Pure.

A run goes from step to step until something must be waited for: a span, an event, a delivery's end. Where it waits for a
delivery, `due_at` is None until the store writes the outcome; everything else is a due time in its row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never, final

from engage.model.campaign import Campaign, ExitOnEvent, ExitWhen
from engage.model.contact import Contact, Event
from engage.model.expression import Expression
from engage.model.history import Kind, Touch
from engage.model.localtime import add_everywhere, end_of_day_everywhere, known
from engage.model.run import Run, RunState
from engage.model.steps import If, Send, Step, Wait, WaitFor, WaitUntilMoment, WaitUntilTime
from engage.model.time import EndOfDay, Zones
from engage.model.triggers import ScheduleTrigger
from engage.model.values import pack
from engage.model.workspace import Workspace
from engage.planning.occurrences import wait_until_moment, wait_until_time
from engage.planning.ports import Happenings, NewDelivery
from engage.rules.expressions import Lookup, Scope, evaluate, holds
from engage.rules.scopes import bind, scope

END = "end"
START = "0"
TIME = "a time"
"""What a run in a `wait` waits for. No type of event can be called so."""

EventsSince = Callable[[str, datetime], Sequence[Event]]
"""The contact's events of a type with `at` not before a moment, in order."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a run goes through, and all that it may ask on the way."""

    workspace: Workspace
    campaign: Campaign
    contact: Contact
    now: datetime
    lookup: Lookup
    events_since: EventsSince

    @classmethod
    def within(cls, tx: Happenings, *, workspace: Workspace, campaign: Campaign, contact: Contact, now: datetime) -> Journey:
        """One whose questions are answered by an open transaction."""
        return cls(
            workspace=workspace, campaign=campaign, contact=contact, now=now, lookup=tx.lookup(contact.id, now=now),
            events_since=lambda type_, since: tx.events_of_contact(contact.id, types=[type_], since=since),
        )

    def scope(self, run: Run, *, event: Event | None = None) -> Scope:
        """The names an expression may use at this point."""
        return scope(
            self.workspace, contact=self.contact, now=self.now, lookup=self.lookup, campaign=self.campaign, run=run, event=event
        )

    @property
    def zones(self) -> Zones:
        """The zones by which this contact's waits go; the workspace's where its own is broken."""
        return known(self.contact.zones, self.workspace.settings.timezone)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A run as it goes on, and what it asked for."""

    run: Run
    deliveries: tuple[NewDelivery, ...] = ()
    touches: tuple[Touch, ...] = ()
    moving: bool = field(default=True)

    def at(self, position: str) -> Progress:
        """Go on at this position."""
        return replace(self, run=replace(self.run, position=position, waiting_for=None, outcome=None))

    def waiting(self, *, until: datetime | None, position: str | None = None, waiting_for: str | None = None) -> Progress:
        """Stop here until then; None: until the delivery is final."""
        run = replace(self.run, due_at=until, position=position or self.run.position, waiting_for=waiting_for)
        return replace(self, run=run, moving=False)


def advance(run: Run, journey: Journey) -> Progress:
    """Take every step that can be taken now."""
    progress = Progress(run=run)
    while progress.moving:
        step = step_at(journey.campaign.steps, progress.run.position)
        if step is None:
            return _end(progress, journey, state=RunState.FINISHED, kind=Kind.FINISHED, reason=None)
        reason = _exit_reason(progress.run, journey)
        if reason is not None:
            return leave(progress.run, journey, reason=reason)
        progress = _take(step, progress, journey)
    return progress


def leave(run: Run, journey: Journey, *, reason: str) -> Progress:
    """End the run by an exit; the touch names the step that it was at, or would have taken. RETURNED is for the caller to make of it."""
    return _end(Progress(run=run), journey, state=RunState.EXITED, kind=Kind.EXITED, reason=reason)


def exits_on(event: Event, run: Run, journey: Journey) -> bool:
    """Whether the event ends the run."""
    return any(
        isinstance(exit_, ExitOnEvent) and exit_.event == event.type and _where(exit_.where, journey.scope(run, event=event))
        for exit_ in journey.campaign.exits
    )


def step_at(steps: Sequence[Step], position: str) -> Step | None:
    """The step at a position, None at the end."""
    if position == END:
        return None
    index, _, rest = position.partition(".")
    step = steps[int(index)]
    if not rest:
        return step
    branch, _, inner = rest.partition(".")
    if not isinstance(step, If):
        raise ValueError(f"step {index} has no branches, so that {position} is no position")
    return step_at(step.then if branch == "then" else step.otherwise, inner)


def position_after(steps: Sequence[Step], position: str) -> str:
    """Where a run goes on when the step at `position` is final: the next one, after a branch's last the one after the branch."""
    head, _, last = position.rpartition(".")
    siblings = _siblings(steps, head)
    if int(last) + 1 < len(siblings):
        return f"{head}.{int(last) + 1}" if head else str(int(last) + 1)
    if not head:
        return END
    return position_after(steps, head.rpartition(".")[0])


def _siblings(steps: Sequence[Step], head: str) -> Sequence[Step]:
    if not head:
        return steps
    parent, _, branch = head.rpartition(".")
    step = step_at(steps, parent)
    if not isinstance(step, If):
        raise ValueError(f"{parent} has no branches")
    return step.then if branch == "then" else step.otherwise


def _end(progress: Progress, journey: Journey, *, state: RunState, kind: Kind, reason: str | None) -> Progress:
    position = END if state is RunState.FINISHED else progress.run.position
    run = replace(progress.run, state=state, position=position, due_at=None, waiting_for=None)
    step = step_at(journey.campaign.steps, progress.run.position)
    touch = touch_of(run, kind, at=journey.now, reason=reason, step=None if step is None else step.id or step.path)
    return replace(progress, run=run, touches=(*progress.touches, touch), moving=False)


def touch_of(run: Run, kind: Kind, *, at: datetime, reason: str | None = None, step: str | None = None) -> Touch:
    """A touch about the run itself."""
    return Touch(
        at=at, contact_id=run.contact_id, kind=kind, campaign=run.campaign, version=run.version, run_id=run.id, step=step, reason=reason,
    )


def _exit_reason(run: Run, journey: Journey) -> str | None:
    for exit_ in journey.campaign.exits:
        if isinstance(exit_, ExitWhen):
            condition = journey.campaign.audience if exit_.audience else exit_.condition
            if condition is not None and holds(condition, journey.scope(run)) is not exit_.audience:
                return "audience" if exit_.audience else "when"
    return None


def _take(step: Step, progress: Progress, journey: Journey) -> Progress:
    run = progress.run
    following = position_after(journey.campaign.steps, step.path)
    arrived = run.outcome is None and run.waiting_for is None
    if arrived and step.when is not None and not holds(step.when, journey.scope(run)):
        return progress.at(following)
    match step:
        case Send():
            return _send(step, progress, journey, following)
        case Wait():
            return _pass_time(progress, following, add_everywhere(run.since, step.duration, journey.zones), journey.now)
        case WaitUntilTime():
            until = wait_until_time(step, now=run.since, zones=journey.zones, country=journey.contact.text("country"))
            return _pass_time(progress, following, until, journey.now)
        case WaitUntilMoment():
            until = wait_until_moment(step, evaluate(step.until, journey.scope(run)), now=run.since, zones=journey.zones)
            return _pass_time(progress, following, until, journey.now)
        case WaitFor():
            return _wait_for(step, progress, journey, following)
        case If():
            branch, steps = ("then", step.then) if holds(step.condition, journey.scope(run)) else ("else", step.otherwise)
            return progress.at(f"{step.path}.{branch}.0" if steps else following)
        case _ as never:
            assert_never(never)


def _pass_time(progress: Progress, following: str, until: datetime, now: datetime) -> Progress:
    """Go on at `until`, which is then when this step became final: the next send counts as due then.

    A wait in progress is worked out anew when it is looked at: a clock's change, or a new version's other span, counts. It never
    ends before that look, so that nothing falls due in the past because it was shortened.
    """
    run = progress.run
    if run.waiting_for == TIME and run.due_at is not None:
        until = max(until, run.due_at)
    if until > now:
        return progress.waiting(until=until, waiting_for=TIME)
    return replace(progress, run=replace(run, since=until)).at(following)


def _wait_for(step: WaitFor, progress: Progress, journey: Journey, following: str) -> Progress:
    run = progress.run
    for event in journey.events_since(step.event, run.handed_off_at or run.since):
        if event.id != run.trigger.get("event_id") and _where(step.where, journey.scope(run, event=event)):
            return _answered(step, progress, event, since=max(run.since, min(event.at, journey.now))).at(following)
    deadline = add_everywhere(run.since, step.duration, journey.zones)
    if run.waiting_for is not None and run.due_at is not None:
        deadline = max(deadline, run.due_at)  # as with the other waits, where a new version shortened it
    if deadline <= journey.now:
        return _answered(step, progress, None, since=deadline).at(following)
    return progress.waiting(until=deadline, waiting_for=step.event)


def _answered(step: WaitFor, progress: Progress, event: Event | None, *, since: datetime) -> Progress:
    variables = dict(progress.run.variables)
    if step.as_ is not None:
        variables[step.as_] = None if event is None else pack(event.data)
    return replace(progress, run=replace(progress.run, variables=variables, since=since))


def _where(where: Expression | None, scope: Scope) -> bool:
    return where is None or holds(where, scope)


def _send(step: Send, progress: Progress, journey: Journey, following: str) -> Progress:
    run = progress.run
    if run.outcome is None:
        return replace(progress, deliveries=(*progress.deliveries, _delivery(step, run, journey))).waiting(until=None)
    variables = {**run.variables, step.as_: run.outcome} if step.as_ else run.variables
    return replace(progress, run=replace(run, variables=variables)).at(following)


def _delivery(step: Send, run: Run, journey: Journey) -> NewDelivery:
    settings, campaign = journey.workspace.settings, journey.campaign
    purpose = settings.purposes.get(step.purpose)  # None: an older version's, no longer declared, so that the decision refuses it
    asked = journey.scope(run)
    to = evaluate(step.to, asked) if isinstance(step.to, Expression) else step.to
    return NewDelivery(
        run_id=run.id, campaign=campaign.name, version=campaign.version, step=step.id or step.path, message=step.message,
        purpose=step.purpose, contact_id=run.contact_id, queue=purpose.queue if purpose else "bulk", channels=step.channels,
        intended_at=run.since, due_at=run.since, expires_at=_expiry(step, run.since, journey.zones),
        priority=campaign.priority, on_unknown=campaign.on_unknown or (purpose.on_unknown if purpose else "hold"),
        to=None if to is None else str(to), quiet_hours=step.quiet_hours,
        values={**run.variables, **{name: pack(bind(binding, asked)) for name, binding in step.with_.items()}},
        send_key=f"{campaign.name}:{run.key}:{step.path}" if isinstance(campaign.trigger, ScheduleTrigger) else None,
    )


def _expiry(step: Send, due: datetime, zones: Zones) -> datetime:
    match step.expires:
        case EndOfDay():
            return end_of_day_everywhere(due, zones)
        case _ as span:
            return add_everywhere(due, span, zones)
