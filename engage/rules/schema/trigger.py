"""`trigger`: exactly one of a date, an event, a schedule, a segment that is entered or left, people's own choice."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from engage.model.triggers import Again, DayOff, Late, LeapDay, Repeat
from engage.rules.scalars import time_of_day, zone
from engage.rules.schema.fields import (
    LIST,
    TEXT,
    CronOrMoment,
    EventType,
    FieldName,
    Moment,
    Name,
    Names,
    OffsetDays,
    Section,
    Source,
    TimeOfDay,
    Truth,
    Whole,
    Word,
    complaint,
    kind_of,
    one_key_of,
    shape,
)
from engage.rules.tree import Map, Scalar


def _contact_or_zone(text: str) -> str:
    return text if text == "contact" else zone(text)


class DateSection(Section):
    """Every contact of the audience whose date recurs on that local day."""

    called: ClassVar[str] = "a date trigger"

    date: FieldName = Field(description="A date attribute of the contact")
    repeat: Annotated[Repeat, Word(Repeat)] = Field(Repeat.YEARLY, description="How the date recurs")
    offset: OffsetDays = Field(0, description="Days or weeks before (`-3d`) or after (`2w`) the date", json_schema_extra={"default": "0d"})
    at: TimeOfDay = Field(time_of_day("09:00"), description="The recipient's local time")
    leap_day: Annotated[LeapDay, Word(LeapDay)] = Field(LeapDay.FEB_28, description="Where 29 February goes in other years (yearly only)")
    min_years: Whole = Field(0, description="How many years must have passed at least: 1 leaves out the day itself")
    day_off: Annotated[DayOff, Word(DayOff)] | None = Field(None, description="To which side a day off moves it")

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        if self.says("leap_day") and self.repeat is not Repeat.YEARLY:
            raise complaint(f"`leap_day` has no effect with `repeat: {self.repeat}`", key="leap_day")
        if self.min_years and self.repeat is Repeat.ONCE:
            raise complaint("`min_years` with `repeat: once` would never let anyone enter", key="min_years")
        if self.min_years < 0:
            raise complaint("`min_years` cannot be negative", key="min_years")
        return self


class EventSection(Section):
    """The contact the event is about; an event about no contact enters the whole audience."""

    called: ClassVar[str] = "an event trigger"

    event: EventType = Field(description="The type of event, declared under `events` in engage.yaml")
    where: Source | None = Field(None, description="Only events for which this holds; `event` is the event's fields")
    key: Source | None = Field(None, description="One run for each contact and value of this; default: the event's id")
    again: Annotated[Again, Word(Again)] = Field(Again.IGNORE, description="What the same key does while its run is under way")

    @model_validator(mode="after")
    def _again_needs_a_key(self) -> Self:
        if self.says("again") and self.key is None:
            raise complaint("`again` has no effect without `key`: every event has an id of its own", key="again")
        return self


ScheduleField = Annotated[Annotated[CronOrMoment, Tag(TEXT)] | Annotated[list[Moment], Tag(LIST)], Discriminator(shape)]


class ScheduleSection(Section):
    """The whole audience, at that time."""

    called: ClassVar[str] = "a schedule trigger"

    schedule: ScheduleField = Field(description="A cron line (`0 10 * * mon`, `L` for the last day), a date and time, or a list of those")
    zone: Annotated[Scalar, Names("contact or a time zone", _contact_or_zone)] | None = Field(
        None, alias="in", description="`contact`: when it is that time where each one lives; or a zone; default: the workspace's",
    )
    day_off: Annotated[DayOff, Word(DayOff)] | None = Field(None, description="To which side a day off moves it")
    late: Annotated[Late, Word(Late)] = Field(Late.SKIP, description="Contacts whose hour had passed when the campaign went live")

    @model_validator(mode="after")
    def _some_moment(self) -> Self:
        if self.schedule == []:
            raise complaint("`schedule` is an empty list", key="schedule")
        return self


class EntersSection(Section):
    """Whoever came to be in a segment; the first look at a new or edited one is a silent baseline."""

    called: ClassVar[str] = "a trigger on entering a segment"

    enters: Name = Field(description="A segment, the stem of a file in segments/")
    existing: Truth = Field(False, description="`true` takes those already in it when the campaign goes live, too")


class LeavesSection(Section):
    """Whoever ceased to be in a segment."""

    called: ClassVar[str] = "a trigger on leaving a segment"

    leaves: Name = Field(description="A segment, the stem of a file in segments/")

    @model_validator(mode="before")
    @classmethod
    def _nobody_is_outside_already(cls, value: object) -> object:
        if isinstance(value, Map) and "existing" in value:
            raise complaint("`existing` has no effect with `leaves`: who is not in a segment has not left it", key="existing")
        return value


class ManualSection(Section):
    """Those named by `engage enroll`, with whatever data it hands over."""

    called: ClassVar[str] = "a trigger by hand"

    manual: Truth = Field(description="`true`")

    @model_validator(mode="after")
    def _is_true(self) -> Self:
        if not self.manual:
            raise complaint("`manual` is true, or another trigger stands here", key="manual")
        return self


KINDS = ("date", "event", "schedule", "enters", "leaves", "manual")

TriggerSection = DateSection | EventSection | ScheduleSection | EntersSection | LeavesSection | ManualSection

TriggerField = Annotated[
    Annotated[DateSection, Tag("<date>")]
    | Annotated[EventSection, Tag("<event>")]
    | Annotated[ScheduleSection, Tag("<schedule>")]
    | Annotated[EntersSection, Tag("<enters>")]
    | Annotated[LeavesSection, Tag("<leaves>")]
    | Annotated[ManualSection, Tag("<manual>")],
    kind_of(*KINDS),
    BeforeValidator(one_key_of(*KINDS, called="a trigger")),
]
