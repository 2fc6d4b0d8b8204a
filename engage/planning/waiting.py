"""2b Waiting: a run at `wait` or `wait_for` -> the run there, with when to look again, or behind it. Pure."""

from __future__ import annotations

from datetime import datetime

from engage.model.contact import Event
from engage.model.localtime import add_everywhere
from engage.model.steps import Wait, WaitFor, WaitUntilMoment, WaitUntilTime
from engage.model.values import pack
from engage.planning.progress import ANSWERED, TIMED_OUT, Journey, Progress
from engage.planning.waits import wait_until_moment, wait_until_time
from engage.rules.expressions import evaluate

TIME = "a time"
"""What a run in a `wait` waits for. No type of event can be called so."""


def take_wait(step: Wait | WaitUntilTime | WaitUntilMoment, progress: Progress, journey: Journey, following: str) -> Progress:
    """Go on when the wait ends, which is then when this step became final: the next send counts as due then.

    A wait in progress is worked out anew when it is looked at: a clock's change, or a new version's other span, counts. It never
    ends before that look, so that nothing falls due in the past because it was shortened.
    """
    run, until = progress.run, _end_of(step, progress, journey)
    if run.waiting_for == TIME and run.due_at is not None:
        until = max(until, run.due_at)
    if until > journey.now:
        return progress.waiting(until=until, waiting_for=TIME)
    return progress.since(until).at(following)


def _end_of(step: Wait | WaitUntilTime | WaitUntilMoment, progress: Progress, journey: Journey) -> datetime:
    run, zones = progress.run, journey.zones
    match step:
        case Wait():
            return add_everywhere(run.since, step.duration, zones)
        case WaitUntilTime():
            return wait_until_time(step, now=run.since, zones=zones, country=journey.contact.text("country"))
        case WaitUntilMoment():
            return wait_until_moment(step, evaluate(step.until, journey.scope(run)), now=run.since, zones=zones)


def take_wait_for(step: WaitFor, progress: Progress, journey: Journey, following: str) -> Progress:
    """Go on at the event or when time runs out. Events since the hand-off before count, so that a fast answer is not missed.

    One of after its time counts no more, however late this is looked at.
    """
    run = progress.run
    deadline = add_everywhere(run.since, step.duration, journey.zones)
    if run.waiting_for is not None and run.due_at is not None:
        deadline = max(deadline, run.due_at)  # as with the other waits, where a new version shortened it
    for event in journey.events_since([step.event], run.handed_off_at or run.since):
        in_time = event.at <= deadline and event.id != run.trigger.get("event_id")
        if in_time and journey.holds(step.where, run, event=event):
            journey.seen(journey.campaign.name, f"{step.path}.{ANSWERED}")
            return _answered(step, progress, event).since(max(run.since, min(event.at, journey.now))).at(following)
    if deadline <= journey.now:
        journey.seen(journey.campaign.name, f"{step.path}.{TIMED_OUT}")
        return _answered(step, progress, None).since(deadline).at(following)
    return progress.waiting(until=deadline, waiting_for=step.event)


def _answered(step: WaitFor, progress: Progress, event: Event | None) -> Progress:
    return progress.named(step.as_, None if event is None else pack(event.data))
