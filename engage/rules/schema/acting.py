"""The steps that do something else than send: `set`, `consent`, `emit`, `call`, `stop`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, Tag, model_validator

from engage.model.contact import ChannelKind
from engage.rules.schema.fields import EventType, FieldName, Name, Section, Truth, Word, complaint, kind_of, one_key_of
from engage.rules.schema.sending import StepSection
from engage.rules.tree import Map

ChannelKindWord = Annotated[ChannelKind, Word(ChannelKind)]


class SetSection(StepSection):
    """Write attributes of the contact."""

    called: ClassVar[str] = "the step set"

    set_: Any = Field(alias="set", description="A map of attributes and their new values; text is text, `{{ … }}` keeps its type")

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if not (isinstance(self.set_, Map) and self.set_):
            raise complaint("`set` is a map of attributes and their new values", key="set")
        return self


class GrantSection(Section):
    """A grant, as a line of the consent ledger."""

    called: ClassVar[str] = "a grant of consent"

    purpose: Name = Field(alias="grant", description="The purpose, one of those in engage.yaml")
    channel: ChannelKindWord | None = Field(None, description="The kind of channel; default: all kinds")


class WithdrawSection(Section):
    """A withdrawal, as a line of the consent ledger."""

    called: ClassVar[str] = "a withdrawal of consent"

    purpose: Name = Field(alias="withdraw", description="The purpose, one of those in engage.yaml")
    channel: ChannelKindWord | None = Field(None, description="The kind of channel; default: all kinds")


ChangeOfConsent = Annotated[
    Annotated[GrantSection, Tag("<grant>")] | Annotated[WithdrawSection, Tag("<withdraw>")],
    kind_of("grant", "withdraw"),
    BeforeValidator(one_key_of("grant", "withdraw", called="a change of consent")),
]


class ConsentStepSection(StepSection):
    """Write a line of the consent ledger."""

    called: ClassVar[str] = "the step consent"

    consent: ChangeOfConsent = Field(description="`{grant: PURPOSE, channel: email}`, or `withdraw`")


class RaisedSection(Section):
    """The event that is raised."""

    called: ClassVar[str] = "what is raised"

    event: EventType = Field(description="The type of event, declared in engage.yaml")
    data: Any = Field(None, description="Its fields, as declared; text is text, `{{ … }}` keeps its type")

    @model_validator(mode="after")
    def _data_is_a_map(self) -> Self:
        if self.says("data") and not (isinstance(self.data, Map) and self.data):
            raise complaint("`data` is a map of the event's fields", key="data")
        return self


class EmitSection(StepSection):
    """Raise an event about the contact, which other campaigns may see."""

    called: ClassVar[str] = "the step emit"

    emit: RaisedSection = Field(description="`{event: TYPE, data: {…}}`")


class CallSection(StepSection):
    """Call a signed webhook, with an idempotency key."""

    called: ClassVar[str] = "the step call"

    call: Name = Field(description="One of `endpoints` in engage.yaml")
    data: Any = Field(None, description="What is sent with it: a map; text is text, `{{ … }}` keeps its type")
    as_: FieldName | None = Field(None, alias="as", description="Names its JSON answer, or none where it failed for good")

    @model_validator(mode="after")
    def _data_is_a_map(self) -> Self:
        if self.says("data") and not (isinstance(self.data, Map) and self.data):
            raise complaint("`data` is a map of what is sent", key="data")
        return self


class StopSection(StepSection):
    """End the run here."""

    called: ClassVar[str] = "the step stop"

    stop: Truth = Field(description="`true`")

    @model_validator(mode="after")
    def _is_true(self) -> Self:
        if not self.stop:
            raise complaint("`stop` is true, or not there at all", key="stop")
        return self


ActingSection = SetSection | ConsentStepSection | EmitSection | CallSection | StopSection
