"""A campaign as the rules made it of YAML: who gets what, when, why. Frozen, checked, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, final

from engage.model.contact import Value
from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.time import Duration, EndOfDay

Binding = Expression | Value | Mapping[str, "Binding"] | tuple["Binding", ...]
"""What stands in `with`: text is text, and `"{{ ... }}"` is an expression that keeps its type."""


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"


class Repeat(StrEnum):
    YEARLY = "yearly"
    MONTHLY = "monthly"
    ONCE = "once"


class LeapDay(StrEnum):
    FEB_28 = "feb-28"
    MAR_01 = "mar-01"
    SKIP = "skip"


class DayOff(StrEnum):
    """Where something that falls on a day off goes: to the last working day before it, or the first after it."""

    BEFORE = "before"
    AFTER = "after"


class Again(StrEnum):
    IGNORE = "ignore"
    RESTART = "restart"


class Late(StrEnum):
    SKIP = "skip"
    NOW = "now"
    NEXT_DAY = "next_day"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DateTrigger:
    """Every contact whose date recurs. The day is: base date, leap-day rule, then `offset` days, then `day_off`, then `at`."""

    attribute: str
    at: time
    repeat: Repeat = Repeat.YEARLY
    offset_days: int = 0
    leap_day: LeapDay = LeapDay.FEB_28
    min_years: int = 0
    day_off: DayOff | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """The contact an event is about; an event about nobody enters the whole audience. `key` default: the event's id."""

    event: str
    where: Expression | None = None
    key: Expression | None = None
    again: Again = Again.IGNORE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """The whole audience at a time: either `cron` or `moments` (wall times). `zone` None means each contact's own."""

    cron: str | None = None
    moments: tuple[datetime, ...] = ()
    zone: str | None = None
    day_off: DayOff | None = None
    late: Late = Late.SKIP


Trigger = DateTrigger | EventTrigger | ScheduleTrigger


class Per(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`2 per week` goes by the contact's local calendar (`per`), `3 per 7d` rolls (`within`): exactly one of them is set."""

    count: int
    per: Per | None = None
    within: Duration | None = None

    def __str__(self) -> str:
        return f"{self.count} per {self.per or self.within}"

    @property
    def looks_back(self) -> timedelta:
        """Hand-offs older than this never count, whatever the calendar and the zone: what a store need not read."""
        if self.within is None:
            return timedelta(days=32)
        return timedelta(days=31 * self.within.months + self.within.days + 1, seconds=self.within.seconds)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CountryHours:
    """What one country adds: a window (both or neither of `start`, `end`), days off as weekday numbers (Monday 0), holidays."""

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] | Literal["weekend"] | None = None
    holidays: bool | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """One layer of `quiet_hours`, as written; a key that is None was not written. `[start, end)` in the recipient's wall time.

    Layers are workspace, purpose, campaign, send; each overrides the ones before it key by key. `by_country` is added to
    all of them and never overridden, but by `ignore` of a transactional purpose.
    """

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] | Literal["weekend"] | None = None
    holidays: bool | None = None
    by_country: Mapping[str, CountryHours] = field(default_factory=dict)


QuietHoursLayer = QuietHours | Literal["ignore"] | None
"""`None` says nothing; `"ignore"` sets all earlier layers aside, and a later map starts afresh."""

Expiry = Duration | EndOfDay


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send a message by the first of `channels` by which this contact can and may be reached."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    message: str
    channels: tuple[str, ...]
    purpose: str
    expires: Expiry
    quiet_hours: tuple[QuietHoursLayer, ...] = ()  # the campaign's layer, then the step's own
    to: Expression | str | None = None
    with_: Mapping[str, Binding] = field(default_factory=dict)
    as_: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait a span; it begins when the step before it is final."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    duration: Duration


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilTime:
    """Wait for the first match from now on of a wall time on one of `days` (Monday 0; `working`: not a day off)."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    at: time
    days: frozenset[int] | Literal["working"] | None = None
    day_off: DayOff | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilMoment:
    """Wait for a date or date-time given by an expression; where it has passed, or is missing, the wait ends at once."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    until: Expression
    offset: Duration | None = None
    at: time | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    """Wait for an event, at most `duration`; `as_` names the event, or none when time ran out."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    event: str
    where: Expression | None = None
    duration: Duration
    as_: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    """Go one of two ways."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    condition: Expression
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()


Step = Send | Wait | WaitUntilTime | WaitUntilMoment | WaitFor | If
"""`path` is the step's position: `0`, `2.then.0`, `2.else.1`; it is stable for one version of a campaign."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOnEvent:
    """Ends a run at once, whatever it waits for."""

    event: str
    where: Expression | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWhen:
    """Asked before each step: the run ends where `condition` holds; `audience` where the campaign's audience no longer does."""

    condition: Expression | None = None
    audience: bool = False


Exit = ExitOnEvent | ExitWhen


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReEntry:
    """`always`, `never`, or after a span since the last entry."""

    allowed: bool = True
    after: Duration | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign file. `version` is the hash of the file's content; a run keeps the one that it entered with."""

    name: str
    version: str
    title: str
    purpose: str
    trigger: Trigger
    steps: tuple[Step, ...]
    status: Status = Status.DRAFT
    priority: int = 5
    valid_from: date | None = None
    valid_until: date | None = None
    audience: Expression | None = None
    exits: tuple[Exit, ...] = ()
    re_entry: ReEntry = field(default_factory=ReEntry)
    limits: tuple[Limit, ...] = ()
    channels: tuple[str, ...] = ()
    on_unknown: Literal["resend", "hold"] | None = None
