"""When a wait ends: the arithmetic of the steps `wait: {until: 09:00, …}` and `wait: {until: EXPR, …}`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engage.model.contact import Value
from engage.model.localtime import add, add_to_date, date_everywhere, latest, local_date, to_utc, zones_of
from engage.model.steps import WaitUntilMoment, WaitUntilTime
from engage.model.time import Duration, Zones
from engage.planning.whereabouts import days_between
from engage.policy.calendar import LONGEST_REST, is_day_off, move_off_rest

_FIRST_YEAR, _LAST_YEAR = 1600, 8000
"""Both leap years, so that every date is there. `datetime` ends with the year 9999: a day after it is an error."""

_LONGEST_WAIT = timedelta(days=7 + 2 * LONGEST_REST)


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
