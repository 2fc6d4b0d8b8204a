"""The steps `wait` and `wait_for`."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from engage.model.triggers import DayOff
from engage.rules.schema.fields import (
    LIST,
    TEXT,
    EventType,
    FieldName,
    Offset,
    Reads,
    Section,
    Source,
    Span,
    TimeOfDay,
    Weekday,
    Word,
    complaint,
    shape,
)
from engage.rules.schema.sending import StepSection
from engage.rules.tree import Map

_DIGITS = re.compile(r"[0-9]+[:.][0-9:.]*")
"""A time of day, or what was meant as one: told so, rather than read as an expression."""


def _working(text: str) -> Literal["working"]:
    if text != "working":
        raise ValueError("is neither working nor a list of days")
    return "working"


Working = Annotated[Literal["working"], Reads("working", _working, {"const": "working"})]
Days = Annotated[Annotated[Working, Tag(TEXT)] | Annotated[list[Weekday], Tag(LIST)], Discriminator(shape)]


class UntilTimeSection(Section):
    """The first match from now on, recipient's time."""

    called: ClassVar[str] = "wait until a time"

    until: TimeOfDay = Field(description="A time of day (`09:00`)")
    days: Days | None = Field(None, description="A list of days, or `working` (not a day off); default: every day")
    day_off: Annotated[DayOff, Word(DayOff)] | None = Field(None, description="To which side a day off moves it")

    @model_validator(mode="after")
    def _on_some_day(self) -> Self:
        if self.days == []:
            raise complaint("`days` is an empty list", key="days")
        if self.days == "working" and self.day_off is not None:
            raise complaint("`day_off` has no effect with `days: working`", key="day_off")
        return self


class UntilMomentSection(Section):
    """A date or date-time that an expression gives; where it has passed, the wait ends at once."""

    called: ClassVar[str] = "wait until a moment"

    until: Source = Field(description="An expression that gives a date or a date-time")
    offset: Offset | None = Field(None, description="Before (`-24h`) or after it")
    at: TimeOfDay | None = Field(None, description="At this time of that day, the recipient's")


def _wait_kind(value: object) -> str:
    """Which wait is meant: by its shape, and by whether `until` looks like a time of day."""
    if not isinstance(value, Map):
        return "<span>"
    is_of_time = "days" in value or "day_off" in value or _DIGITS.fullmatch(str(value.get("until", "")))
    return "<time>" if is_of_time else "<moment>"


WaitField = Annotated[
    Annotated[Span, Tag("<span>")] | Annotated[UntilTimeSection, Tag("<time>")] | Annotated[UntilMomentSection, Tag("<moment>")],
    Discriminator(_wait_kind),
]


class WaitSection(StepSection):
    """Wait; it begins when the step before it is final."""

    called: ClassVar[str] = "the step wait"

    wait: WaitField = Field(description="A duration; or a map with `until`, a time of day or an expression")


class AwaitedSection(Section):
    """The event that is waited for."""

    called: ClassVar[str] = "what is waited for"

    event: EventType = Field(description="The type of event, declared in engage.yaml")
    where: Source | None = Field(None, description="Only an event for which this holds")
    duration: Span = Field(alias="for", description="How long at most")


class WaitForSection(StepSection):
    """Wait for an event; those since the hand-off before it count."""

    called: ClassVar[str] = "the step wait_for"

    wait_for: AwaitedSection = Field(description="What for, and how long at most: `wait_for: {event: csat.answered, for: 3d}`")
    as_: FieldName | None = Field(None, alias="as", description="Names the event, or none when time ran out")
