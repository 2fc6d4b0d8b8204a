"""The step `send`, and `channels` in its forms, which may also stand at the top of a campaign."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from engage.model.steps import Sign
from engage.rules import scalars
from engage.rules.schema.fields import (
    LIST,
    MAP,
    Expires,
    FieldName,
    Name,
    Reads,
    Section,
    Source,
    Span,
    Text,
    complaint,
    kind_of,
    one_key_of,
    shape,
)
from engage.rules.schema.quiet_hours import QuietHoursField
from engage.rules.tree import Map, Scalar

SignWord = Annotated[Sign, Reads("delivered, opened or clicked", scalars.sign, {"enum": list(scalars.SIGNS)})]


def _listed(value: object) -> object:
    match value:
        case Scalar() if not value.is_blank:
            raise complaint("`channels` is a list in order of preference", suggestion=f"[{value.written}]")
        case list() if not value:
            raise complaint("`channels` is an empty list")
    return value


def _two(value: object) -> object:
    match value:
        case Scalar():
            raise complaint("a list of channels is expected here", suggestion=f"[{value.written}]" if value.strip() else None)
        case list() if len(value) < 2:
            raise complaint("this list needs at least two channels; one alone is written `channels: [email]`")
    return value


Two = Annotated[list[Name], BeforeValidator(_two)]


class AllSection(Section):
    """By each of these channels; all together are one touch of every limit."""

    called: ClassVar[str] = "all channels"

    channels: Two = Field(alias="all", description="Each of them gets it, where this contact can and may be reached by it")


class FirstSection(Section):
    """By the first of these channels; by the next where no sign of it came back in time."""

    called: ClassVar[str] = "channels in turn"

    channels: Two = Field(alias="first", description="In order; `preferred` is the contact's own choice")
    after: Span = Field(alias="fallback_after", description="How long to wait for a sign, from the hand-off, before the next channel")
    unless: SignWord = Field(description="The sign that makes the next channel needless: `delivered`, `opened` or `clicked`")


ChannelMap = Annotated[
    Annotated[AllSection, Tag("<all>")] | Annotated[FirstSection, Tag("<first>")],
    kind_of("all", "first"),
    BeforeValidator(one_key_of("all", "first", called="`channels` as a map")),
]
ChannelsField = Annotated[
    Annotated[Annotated[list[Name], Tag(LIST)] | Annotated[ChannelMap, Tag(MAP)], Discriminator(shape)], BeforeValidator(_listed),
]
"""A list in order of preference, or one of two maps."""


class StepSection(Section):
    """What every step may have."""

    when: Source | None = Field(None, description="The step is passed over where this does not hold")
    id: Name | None = Field(None, description="Its name in the history, that stays when steps are added before it; default: its place")


class SendSection(StepSection):
    """Send a message by the first channel by which this contact can and may be reached."""

    called: ClassVar[str] = "the step send"

    send: Name = Field(description="The message: a folder of templates/")
    channels: ChannelsField | None = Field(
        None, description="A list in order of preference (`preferred` is the contact's choice), `all` or `first`; default: the campaign's",
    )
    expires: Expires | None = Field(None, description="When it makes no sense any more, from when it fell due; default: the campaign's")
    quiet_hours: QuietHoursField | None = Field(None, description="Overrides the campaign's, key by key, or `ignore`")
    purpose: Name | None = Field(None, description="Default: the campaign's")
    to: Text | None = Field(None, description="A fixed recipient (staff): no consent, no limit, no quiet hours; text or `{{ … }}`")
    with_: Any = Field(None, alias="with", description="Values for the template: a map; text is text, `{{ … }}` keeps its type")
    as_: FieldName | None = Field(None, alias="as", description="Names the outcome (`sent`, `suppressed`, `failed`, …) for a later step")

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        if self.says("with") and not (isinstance(self.with_, Map) and self.with_):
            raise complaint("`with` is a map of values for the template", key="with")
        if self.to is not None and self.quiet_hours is not None:
            raise complaint("`quiet_hours` has no effect with `to`: a fixed recipient has none", key="quiet_hours")
        if self.to is not None and isinstance(self.channels, AllSection | FirstSection):
            raise complaint("`to` is one address, so that `channels` is a list with it, not a map", key="channels")
        return self
