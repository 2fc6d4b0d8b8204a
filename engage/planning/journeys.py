"""2b Journeys: a run at its position -> the run further on, with all that it asks for. Pure.

A run goes from step to step until something must be waited for: a span, an event, the end of a delivery or a call. Where it waits
for an end, `due_at` is None until the store writes the outcome; everything else is a due time in its row.
"""

from __future__ import annotations

from typing import assert_never

from engage.model.campaign import Campaign, ExitOnEvent, ExitOnGoal, ExitWhen
from engage.model.contact import Event
from engage.model.history import Kind
from engage.model.run import Run, RunState
from engage.model.steps import (
    Call,
    Consenting,
    Emit,
    If,
    Send,
    Set,
    Split,
    Step,
    Stop,
    Wait,
    WaitFor,
    WaitUntilMoment,
    WaitUntilTime,
)
from engage.planning.acting import take_action
from engage.planning.positions import position_after, step_at
from engage.planning.progress import SKIPPED, Journey, Progress, end, has_arrived
from engage.planning.sending import take_send
from engage.planning.splits import take_split
from engage.planning.waiting import take_wait, take_wait_for
from engage.rules.expressions import holds


def advance(run: Run, journey: Journey) -> Progress:
    """Take every step that can be taken now."""
    return go_on(Progress(run=run), journey)


def go_on(progress: Progress, journey: Journey) -> Progress:
    """Take every step that can be taken now, behind those that were. Stops where something of the contact must be written first."""
    while progress.moving:
        step = step_at(journey.campaign.steps, progress.run.position)
        if step is None:
            return end(progress, journey, state=RunState.FINISHED, kind=Kind.FINISHED)
        reason = _exit_reason(progress.run, journey)
        if reason is not None:
            return end(progress, journey, state=RunState.EXITED, kind=Kind.EXITED, reason=reason)
        progress = _take(step, progress, journey)
    return progress


def leave(run: Run, journey: Journey, *, reason: str) -> Progress:
    """End the run by an exit. RETURNED is for the caller to make of it."""
    return end(Progress(run=run), journey, state=RunState.EXITED, kind=Kind.EXITED, reason=reason)


def exits_on(event: Event, run: Run, journey: Journey) -> bool:
    """Whether the event ends the run."""
    return any(
        isinstance(exit_, ExitOnEvent) and exit_.event == event.type and journey.holds(exit_.where, run, event=event)
        for exit_ in journey.campaign.exits
    )


def may_end_by(event: Event, campaign: Campaign) -> bool:
    """Whether an event of that type could end a run of the campaign, by an exit of its own or by its goal."""
    by_goal = campaign.goal is not None and campaign.goal.event == event.type
    return any(
        (isinstance(exit_, ExitOnEvent) and exit_.event == event.type) or (isinstance(exit_, ExitOnGoal) and by_goal)
        for exit_ in campaign.exits
    )


def exits_on_goal(journey: Journey) -> bool:
    """Whether reaching the goal ends the run."""
    return any(isinstance(exit_, ExitOnGoal) for exit_ in journey.campaign.exits)


def _exit_reason(run: Run, journey: Journey) -> str | None:
    for exit_ in journey.campaign.exits:
        if isinstance(exit_, ExitWhen):
            condition = journey.campaign.audience if exit_.audience else exit_.condition
            if condition is not None and holds(condition, journey.scope(run)) is not exit_.audience:
                return "audience" if exit_.audience else "when"
    return None


def _take(step: Step, progress: Progress, journey: Journey) -> Progress:
    """Take the step, or pass it over where its `when` does not hold; that is asked once, on arrival."""
    following = position_after(journey.campaign.steps, step.path)
    if has_arrived(progress.run) and not journey.holds(step.when, progress.run):
        journey.seen(journey.campaign.name, f"{step.path}.{SKIPPED}")
        return progress.at(following)
    journey.seen(journey.campaign.name, step.path)  # of one that waited here from its entry on, too
    return _do(step, progress, journey, following)


def _do(step: Step, progress: Progress, journey: Journey, following: str) -> Progress:
    match step:
        case Send():
            return take_send(step, progress, journey, following)
        case Wait() | WaitUntilTime() | WaitUntilMoment():
            return take_wait(step, progress, journey, following)
        case WaitFor():
            return take_wait_for(step, progress, journey, following)
        case If():
            return _branch(step, progress, journey, following)
        case Split():
            return take_split(step, progress, journey, following)
        case Set() | Consenting() | Emit() | Call():
            return take_action(step, progress, journey, following)
        case Stop():
            return end(progress, journey, state=RunState.FINISHED, kind=Kind.FINISHED, reason="stop")
        case _ as never:
            assert_never(never)


def _branch(step: If, progress: Progress, journey: Journey, following: str) -> Progress:
    branch, steps = ("then", step.then) if journey.holds(step.condition, progress.run) else ("else", step.otherwise)
    journey.seen(journey.campaign.name, f"{step.path}.{branch}")
    return progress.at(f"{step.path}.{branch}.0" if steps else following)
