"""`tests/<name>.yaml`: contacts, what happens, and what must come of it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from engage.model.contact import ChannelKind
from engage.model.history import BY_PEOPLE, Kind
from engage.rules.schema.answers import AnswerField
from engage.rules.schema.fields import EventType, Instant, Locale, Name, Section, Text, Truth, Word, complaint


class ClockSection(Section):
    """The simulated time of the test, half open."""

    called: ClassVar[str] = "clock"

    start: Instant = Field(alias="from", description="When it begins, with a zone (`2026-02-27T00:00Z`)")
    end: Instant = Field(alias="to", description="When it ends")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end <= self.start:
            raise complaint("the clock ends before it begins", key="to")
        return self


class EventSection(Section):
    """Something that comes in."""

    called: ClassVar[str] = "an incoming event"

    at: Instant = Field(description="When it happens")
    type: EventType = Field(description="Its type, declared in engage.yaml")
    contact: Text | None = Field(None, description="Whom it is about; default: nobody")
    data: Any = Field(None, description="Its fields, as declared")
    id: Text | None = Field(None, description="Its id; default: made of its place in the list")


class ConsentSection(Section):
    """A line of the ledger."""

    called: ClassVar[str] = "a ledger line"

    at: Instant = Field(description="When it was given or withdrawn")
    contact: Text = Field(description="Whose")
    purpose: Name = Field(description="For which purpose")
    channel: Annotated[ChannelKind, Word(ChannelKind)] | None = Field(None, description="For which kind of channel; default: all")
    granted: Truth = Field(description="`true` a grant, `false` a withdrawal")


class ExpectSection(Section):
    """A touch that must be written: it matches in every key that is given."""

    called: ClassVar[str] = "an expected touch"

    contact: Text | None = Field(None, description="Whose")
    at: Instant | None = Field(None, description="When")
    kind: Annotated[Kind, Word(Kind)] | None = Field(None, description="The kind of touch")
    campaign: Name | None = Field(None, description="Of which campaign")
    step: Text | None = Field(None, description="Of which step")
    message: Name | None = Field(None, description="Which message")
    channel: Name | None = Field(None, description="By which channel")
    provider: Name | None = Field(None, description="By which provider")
    reason: Text | None = Field(None, description="Why")
    locale: Locale | None = Field(None, description="In which language")
    subject: Text | None = Field(None, description="With which subject")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map matches everything")
        if self.kind in BY_PEOPLE:
            raise complaint(f"the touch `{self.kind}` is written by people's commands alone, and never in a test", key="kind")
        return self


class CampaignTestFile(Section):
    """One campaign test."""

    campaign: Name | None = Field(None, description="Only this one; default: every campaign that is not paused")
    contacts: list[Any] = Field(description="Attributes of each contact, as an import would bring them")
    clock: ClockSection = Field(description="The simulated time")
    events: list[EventSection] = Field(default_factory=list, description="What comes in")
    consents: list[ConsentSection] = Field(default_factory=list, description="Lines of the ledger")
    answers: list[AnswerField] = Field(default_factory=list, description="What providers, people and endpoints do")
    expect: list[ExpectSection] = Field(default_factory=list, description="Touches that must be written")
    expect_nothing_else_sent: Truth = Field(False, description="Whether nothing may be sent but what `expect` names")
