"""A campaign as the rules made it of YAML: who gets what, when, why. Frozen, checked, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Literal, final

from engage.model.expression import Expression
from engage.model.steps import Step
from engage.model.time import Duration
from engage.model.triggers import Trigger


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"


class Per(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_PERIODS = {Per.DAY: Duration(days=1), Per.WEEK: Duration(days=7), Per.MONTH: Duration(months=1)}


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
        return (_PERIODS[self.per] if self.per is not None else self.within or Duration()).at_most


FREQUENCIES: Mapping[str, Limit] = {
    "daily": Limit(count=1, per=Per.DAY), "weekly": Limit(count=1, per=Per.WEEK), "monthly": Limit(count=1, per=Per.MONTH),
}
"""What a contact's own `frequency` asks: a limit over all purposes but those that ask no consent."""


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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOnGoal:
    """Ends a run at once when its goal is reached."""


Exit = ExitOnEvent | ExitWhen | ExitOnGoal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A conversion: the first such event of a contact `within` the span after it entered, of the held-out as of the treated."""

    event: str
    where: Expression | None = None
    within: Duration


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a ramp: for so long after the version went live only this share of contacts is reached."""

    share: Fraction
    duration: Duration


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
    holdout: Fraction = Fraction(0)  # of those entering get nothing: the control group
    goal: Goal | None = None
    ramp: tuple[Stage, ...] = ()
    copies: bool = False  # `duplicates: send`: a schedule's copies go to each contact, though two share an address
    migrates: bool = False  # `on_edit: migrate`: running ones go on in the newest version, at the step of the same `id`
    renamed_from: str | None = None

    @property
    def salt(self) -> str:
        """What its shares are drawn by: one that was renamed keeps those of its former name."""
        return self.renamed_from or self.name

    @property
    def takes_over(self) -> bool:
        """Whether runs of older versions go on in this one: a draft leaves them where they are."""
        return self.migrates and self.status is not Status.DRAFT
