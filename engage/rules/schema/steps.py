"""`steps`: what happens to a run, one after the other."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from engage.model.triggers import DayOff
from engage.rules import scalars
from engage.rules.schema.fields import (
    LIST,
    TEXT,
    EventType,
    Expires,
    FieldName,
    Name,
    Offset,
    Reads,
    Section,
    Source,
    Span,
    Text,
    TimeOfDay,
    Weekday,
    Word,
    complaint,
    kind_of,
    not_built,
    one_key_of,
    shape,
)
from engage.rules.schema.quiet_hours import QuietHoursField
from engage.rules.tree import Map, Scalar


def _list_of_channels(value: object) -> object:
    match value:
        case Map() if "all" in value or "first" in value:
            raise not_built("all" if "all" in value else "first")
        case Map():
            raise complaint("`channels` is a list in order of preference, not a map")
        case Scalar() if not value.is_blank:
            raise complaint("`channels` is a list in order of preference", suggestion=f"[{value.written}]")
        case list() if not value:
            raise complaint("`channels` is an empty list")
    return value


ChannelList = Annotated[list[Name], BeforeValidator(_list_of_channels)]


class StepSection(Section):
    """What every step may have."""

    when: Source | None = Field(None, description="The step is passed over where this does not hold")
    id: Name | None = Field(None, description="Its name in the history, that stays when steps are added before it; default: its place")


class SendSection(StepSection):
    """Send a message by the first channel by which this contact can and may be reached."""

    called: ClassVar[str] = "the step send"

    send: Name = Field(description="The message: a folder of templates/")
    channels: ChannelList | None = Field(
        None, description="In order of preference; `preferred` is the contact's own choice; default: the campaign's",
    )
    expires: Expires | None = Field(None, description="When it makes no sense any more, from when it fell due; default: the campaign's")
    quiet_hours: QuietHoursField | None = Field(None, description="Overrides the campaign's, key by key, or `ignore`")
    purpose: Name | None = Field(None, description="Default: the campaign's")
    to: Text | None = Field(None, description="A fixed recipient (staff): no consent, no limit, no quiet hours; text or `{{ … }}`")
    with_: Any = Field(None, alias="with", description="Values for the template: a map; text is text, `{{ … }}` keeps its type")
    as_: FieldName | None = Field(None, alias="as", description="Names the outcome (`sent`, `suppressed`, `failed`, …) for a later step")

    @model_validator(mode="after")
    def _with_is_a_map(self) -> Self:
        if self.says("with") and not (isinstance(self.with_, Map) and self.with_):
            raise complaint("`with` is a map of values for the template", key="with")
        if self.to is not None and self.quiet_hours is not None:
            raise complaint("`quiet_hours` has no effect with `to`: a fixed recipient has none", key="quiet_hours")
        return self


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
    """Which wait is meant: by its shape, and by whether `until` is a time of day."""
    if not isinstance(value, Map):
        return "<span>"
    if "days" in value or "day_off" in value:
        return "<time>"
    try:
        scalars.time_of_day(str(value.get("until", "")))
    except ValueError:
        return "<moment>"
    return "<time>"


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


class IfSection(StepSection):
    """Go one of two ways."""

    called: ClassVar[str] = "the step if"

    if_: Source = Field(alias="if", description="The condition")
    then: list[StepField] = Field(description="The steps where it holds")
    otherwise: list[StepField] = Field(default_factory=list, alias="else", description="The steps where it does not")

    @model_validator(mode="after")
    def _two_ways(self) -> Self:
        if not self.then:
            raise complaint("`then` has no steps", key="then")
        if self.says("else") and not self.otherwise:
            raise complaint("`else` has no steps", key="else")
        return self


LATER = frozenset({"split", "set", "consent", "emit", "call", "stop"})
KINDS = ("send", "wait", "wait_for", "if")

AnyStepSection = SendSection | WaitSection | WaitForSection | IfSection

StepField = Annotated[
    Annotated[SendSection, Tag("<send>")]
    | Annotated[WaitSection, Tag("<wait>")]
    | Annotated[WaitForSection, Tag("<wait_for>")]
    | Annotated[IfSection, Tag("<if>")],
    kind_of(*KINDS),
    BeforeValidator(one_key_of(*KINDS, called="a step", later=LATER)),
]

IfSection.model_rebuild()
