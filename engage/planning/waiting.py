"""2b Waiting: a run at `wait` or `wait_for` -> the run there, with when to look again, or behind it. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engage.model.contact import Event, Value
from engage.model.localtime import add, add_everywhere, add_to_date, date_everywhere, latest, local_date, to_utc, zones_of
from engage.model.steps import Wait, WaitFor, WaitUntilMoment, WaitUntilTime
from engage.model.time import Duration, Zones
from engage.model.values import pack
from engage.planning.progress import ANSWERED, TIMED_OUT, Journey, Progress
from engage.planning.whereabouts import days_between
from engage.policy.calendar import LONGEST_REST, is_day_off, move_off_rest
from engage.rules.expressions import evaluate

TIME = "a time"
"""What a run in a `wait` waits for. No type of event can be called so."""

_FIRST_YEAR, _LAST_YEAR = 1600, 8000
"""Both leap years, so that every date is there. `datetime` ends with the year 9999: a day after it is an error."""

_LONGEST_WAIT = timedelta(days=7 + 2 * LONGEST_REST)


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


def wait_until_time(step: WaitUntilTime, *, now: datetime, zones: Zones, country: str | None) -> datetime:
    """The first match of a wall time from `now` on (`now` itself among them), when it has come everywhere.

    A day of `days` that is a day off moves by `day_off`; a match that this moves to before `now` is passed over. Raises
    UnknownZoneError where no zone is known, ValueError where no day matches.
    """
    known = zones_of(zones)
    first = date_everywhere(now, zones)
    moments = (
        latest(datetime.combine(_moved(day, step, country), step.at), known)
        for day in days_between(first, first + _LONGEST_WAIT) if _is_wanted(day, step, country)
    )
    moment = next((each for each in moments if each >= now), None)
    if moment is None:
        raise ValueError(f"no day matches the wait at {step.place}")
    return moment


def _is_wanted(day: date, step: WaitUntilTime, country: str | None) -> bool:
    if step.days == "working":
        return not is_day_off(day, country)
    return step.days is None or day.weekday() in step.days


def _moved(day: date, step: WaitUntilTime, country: str | None) -> date:
    return move_off_rest(day, country, step.day_off) if step.day_off is not None else day


def wait_until_moment(step: WaitUntilMoment, value: Value, *, now: datetime, zones: Zones) -> datetime:
    """The moment that `value`, a date or an aware date-time, stands for, with the step's offset and hour; `now` where it is neither.

    A date without an hour means its first moment. May lie in the past: the wait then ends at once, and what follows fell due then.
    Dates that stand for "never" (0001-01-01, 9999-12-31) count as the same day of a year that the arithmetic can go on from.
    Raises UnknownZoneError where no zone is known.
    """
    offset = step.offset or Duration()
    match _within_reach(value):
        case datetime() as moment:
            return max(_on_day(add(moment, offset, zone), step.at, zone) for zone in zones_of(zones))
        case date() as day:
            wall = datetime.combine(add_to_date(day, offset), step.at or time())
            return latest(wall, zones_of(zones)) + timedelta(seconds=offset.seconds)
        case _:
            return now


def _within_reach(value: Value) -> Value:
    return value.replace(year=min(max(value.year, _FIRST_YEAR), _LAST_YEAR)) if isinstance(value, date) else value


def _on_day(moment: datetime, at: time | None, zone: ZoneInfo) -> datetime:
    """The moment itself, or that hour of its local day."""
    return moment if at is None else to_utc(datetime.combine(local_date(moment, zone), at), zone)


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
