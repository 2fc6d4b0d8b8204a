"""What a run would do if nothing else happened: the very steps that send, taken on paper, up to the next message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from engage.model.run import Run, RunState
from engage.model.steps import If, Split, Step
from engage.planning.journeys import advance, go_on
from engage.planning.positions import END, name_of, step_at
from engage.planning.progress import SKIPPED, Journey, Progress
from engage.planning.requests import NewDelivery
from engage.planning.splits import WON
from engage.simulation.explanation import Ahead
from engage.simulation.step_words import step_in_words

MOST = 200
"""Waits on the way after which it is not followed any further."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """The steps on the way, and the message at its end; None: there is none, and `why`."""

    steps: tuple[Ahead, ...]
    delivery: NewDelivery | None
    why: str = ""


@final
class _Taken:
    """Notes the paths that a journey takes."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, campaign: str, path: str) -> None:
        self.paths.append(path)


def foresee(run: Run, journey: Journey) -> Foresight:
    """Follow a run from `journey.now` on. Nothing is written; what it says of its contact counts for what follows."""
    steps: list[Ahead] = []
    now = journey.now
    for _ in range(MOST):
        now = max(now, run.due_at or now)
        taken = _Taken()
        then = replace(journey, now=now, seen=taken)
        progress, journey = _write(advance(run, then), then)
        steps.extend(Ahead(step=path, what=told, at=now) for path in taken.paths if (told := _turning(path, journey)))
        if progress.deliveries:
            return Foresight(steps=tuple(steps), delivery=progress.deliveries[0])
        run = progress.run
        if run.state is not RunState.ACTIVE:
            reason = next((touch.reason for touch in reversed(progress.touches) if touch.reason), None)
            return Foresight(steps=tuple(steps), delivery=None, why=_ended(run, reason))
        step = step_at(journey.campaign.steps, run.position)
        if run.due_at is None or step is None:
            return Foresight(steps=tuple(steps), delivery=None, why="it waits for an answer, and no one can tell when that comes")
        steps.append(Ahead(step=name_of(step), what=step_in_words(step), at=run.due_at))
    return Foresight(steps=tuple(steps), delivery=None, why="it waits on and on")


def _write(progress: Progress, journey: Journey) -> tuple[Progress, Journey]:
    """Take for written what a run says of its contact, and go on."""
    while progress.writes_contact:
        attributes = {**journey.contact.attributes, **progress.changes}
        contact = replace(journey.contact, attributes={name: value for name, value in attributes.items() if value is not None})
        journey = replace(journey, contact=contact)
        progress = go_on(progress.written(), journey)
    return progress, journey


def _ended(run: Run, reason: str | None) -> str:
    if run.state is RunState.FINISHED:
        return "it would end without a further message"
    return f"it would end by its exit ({reason})" if reason else "it would end by an exit"


def _turning(path: str, journey: Journey) -> str | None:
    """What is told of a branch that was taken, or a step that was passed over; None where nothing is."""
    head, _, branch = path.rpartition(".")
    step = step_at(journey.campaign.steps, head) if head and not branch.isdecimal() else None
    match step:
        case None:
            return None
        case If():
            return f"if {step.condition.source}: {branch}"
        case Split():
            return "the arm that did best" if branch == WON else f"split: {branch}"
        case _ if branch == SKIPPED and step.when is not None:
            return f"passed over: {step.when.source} does not hold"
        case _:
            return None


def where(run: Run, steps: tuple[Step, ...]) -> Step | None:
    """The step at which a run is; None at its end, and where its version has no such step any more."""
    try:
        return None if run.position == END else step_at(steps, run.position)
    except ValueError:
        return None
