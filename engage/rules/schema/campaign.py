"""`campaigns/<name>.yaml`: who gets what, when, why; and `segments/<name>.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from engage.model.campaign import ReEntry, Status
from engage.model.time import Duration
from engage.rules.schema.fields import (
    LIST,
    MAP,
    TEXT,
    Again,
    Day,
    EventType,
    Expires,
    Limits,
    Name,
    Section,
    Share,
    Source,
    Span,
    Text,
    Whole,
    Word,
    complaint,
    kind_of,
    one_key_of,
    one_of,
    shape,
)
from engage.rules.schema.quiet_hours import QuietHoursField
from engage.rules.schema.sending import ChannelsField
from engage.rules.schema.settings import OnUnknown
from engage.rules.schema.steps import StepField
from engage.rules.schema.trigger import TriggerField

GOAL_WITHIN = Duration(days=30)


class ValidSection(Section):
    """The days on which the campaign is valid."""

    called: ClassVar[str] = "valid"

    first: Day | None = Field(None, alias="from", description="The first day, in the workspace's zone")
    last: Day | None = Field(None, alias="until", description="The last day, included")

    @model_validator(mode="after")
    def _some_days(self) -> Self:
        if self.first is None and self.last is None:
            raise complaint("`valid` needs `from` or `until`")
        if self.first and self.last and self.last < self.first:
            raise complaint(f"`until` ({self.last}) is before `from` ({self.first})", key="until")
        return self


class ExitEventSection(Section):
    """Ends a run at once, whatever it waits for."""

    called: ClassVar[str] = "exit on an event"

    event: EventType = Field(description="The type of event, declared in engage.yaml")
    where: Source | None = Field(None, description="Only an event for which this holds")


class ExitWhenSection(Section):
    """Asked before each step."""

    called: ClassVar[str] = "exit on a condition"

    when: Source = Field(description="The run ends where this holds")


class ExitWord(StrEnum):
    """The exits that a word says."""

    AUDIENCE = "audience"
    GOAL = "goal"


ExitWordField = Annotated[ExitWord, Word(ExitWord)]
ExitMap = Annotated[
    Annotated[ExitEventSection, Tag("<event>")] | Annotated[ExitWhenSection, Tag("<when>")],
    kind_of("event", "when"),
    BeforeValidator(one_key_of("event", "when", called="an exit")),
]
OneExit = Annotated[Annotated[ExitWordField, Tag(TEXT)] | Annotated[ExitMap, Tag(MAP)], Discriminator(shape)]
ExitField = Annotated[
    Annotated[ExitWordField, Tag(TEXT)] | Annotated[ExitMap, Tag(MAP)] | Annotated[list[OneExit], Tag(LIST)], Discriminator(shape),
]


class GoalSection(Section):
    """A conversion: counted of the held-out as of the treated."""

    called: ClassVar[str] = "goal"

    event: EventType = Field(description="The type of event, declared in engage.yaml or of Engage's own")
    where: Source | None = Field(None, description="Only an event for which this holds")
    within: Span = Field(GOAL_WITHIN, description="How long after the entry it counts", json_schema_extra={"default": "30d"})


class StageSection(Section):
    """One stage of a ramp."""

    called: ClassVar[str] = "a stage of a ramp"

    share: Share = Field(description="How many of the contacts are reached, as `1%`")
    duration: Span = Field(alias="for", description="How long the stage lasts")


class Duplicates(StrEnum):
    """What happens to a second copy for one address."""

    SKIP = "skip"
    SEND = "send"


class OnEdit(StrEnum):
    """What happens to running ones when the file is edited."""

    KEEP = "keep"
    MIGRATE = "migrate"


class CampaignFile(Section):
    """One campaign. The file's stem is its name."""

    model_config = ConfigDict(json_schema_extra=one_of("send", "steps"))

    title: Text | None = Field(None, description="What people call it; default: its name")
    purpose: Name = Field(description="Why we write, one of those in engage.yaml: consent and limits hang on it")
    status: Annotated[Status, Word(Status)] = Field(Status.DRAFT, description="Only a live campaign enters and sends; tests run drafts too")
    priority: Whole = Field(
        5, json_schema_extra={"minimum": 0, "maximum": 9},
        description="0 to 9: of one contact's deliveries due together the higher goes first, then the older",
    )
    valid: ValidSection | None = Field(None, description="Days on which it enters and sends; default: always")
    trigger: TriggerField = Field(description="What enters a contact: one of `date`, `event`, `schedule`, `enters`, `leaves`, `manual`")
    audience: Source | None = Field(None, description="Who may enter; default: every contact")
    send: Name | None = Field(None, description="Short for `steps: [{send: …}]`")
    steps: list[StepField] | None = Field(None, description="What happens to a run, one after the other: the steps below")
    channels: ChannelsField | None = Field(None, description="For every send that names none; no default")
    expires: Expires | None = Field(None, description="For every send that names none", json_schema_extra={"default": "7d"})
    quiet_hours: QuietHoursField | None = Field(None, description="Overrides the workspace's and the purpose's, key by key, or `ignore`")
    limit: Limits | None = Field(None, description="How often one contact gets anything of this campaign")
    re_entry: Again = Field(ReEntry(), description="`always`, `never`, or `after DURATION` since the last entry")
    exit: ExitField | None = Field(None, description="What ends a run: an event, `goal`, `audience`, `when`, or a list of them")
    goal: GoalSection | None = Field(None, description="What counts as a conversion")
    holdout: Share | None = Field(None, description="Of those entering so many get nothing: the control group")
    ramp: list[StageSection] | None = Field(None, description="A version that goes live reaches few first: stages, with rising shares")
    duplicates: Annotated[Duplicates, Word(Duplicates)] = Field(
        Duplicates.SKIP, description="Where a schedule reaches two contacts with one address: one copy goes out, or one for each",
    )
    on_edit: Annotated[OnEdit, Word(OnEdit)] = Field(
        OnEdit.KEEP, description="`migrate` moves running ones to the same step (by its `id`) of the new version; else they keep theirs",
    )
    renamed_from: Name | None = Field(None, description="What it was called before: its runs and its history stay its own")
    on_unknown: OnUnknown | None = Field(None, description="After a crash when nobody can know; default: the purpose's")

    @model_validator(mode="after")
    def _sends_something(self) -> Self:
        if self.send is not None and self.steps is not None:
            raise complaint("`send` is short for `steps`: they cannot stand together", key="send")
        if self.send is None and not self.steps:
            raise complaint("a campaign needs `send` or `steps`", key="steps")
        if not 0 <= self.priority <= 9:
            raise complaint(f"`{self.priority}` is not a priority from 0 to 9", key="priority")
        if self.exit == []:
            raise complaint("`exit` is an empty list", key="exit")
        if self.ramp is not None:
            _refuse_flat(self.ramp)
        return self


def _refuse_flat(ramp: Sequence[StageSection]) -> None:
    if not ramp:
        raise complaint("`ramp` is an empty list", key="ramp")
    for before, after in pairwise(ramp):
        if after.share <= before.share:
            raise complaint("the shares of a `ramp` rise from stage to stage; after the last all are reached", key="ramp")


class SegmentFile(Section):
    """A named audience, used as `in_segment('name')`."""

    model_config = ConfigDict(json_schema_extra=one_of("audience", "list"))

    audience: Source | None = Field(None, description="Who is in it")
    members: Text | None = Field(None, alias="list", description="A CSV file beside it, whose first column names the members")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.audience is None) == (self.members is None):
            raise complaint("a segment has either `audience` or `list`")
        return self
