"""`answers` of a campaign test, and of a file for `engage simulate --answers`: what providers and people do meanwhile."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, Tag, model_validator

from engage.rules.schema.fields import Name, Section, Span, Text, Word, complaint, kind_of, one_key_of


class AnswerKind(StrEnum):
    """What may come back of a message: the kinds of touch of the same names."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class MessageAnswerSection(Section):
    """What comes back each time a message was sent."""

    called: ClassVar[str] = "an answer to a message"

    message: Name = Field(description="Of which message")
    contact: Text | None = Field(None, description="Whose; default: everybody's")
    channel: Name | None = Field(None, description="Only where it went by this channel")
    kind: Annotated[AnswerKind, Word(AnswerKind)] = Field(description="What comes back")
    after: Span | None = Field(None, description="How long after it was sent; default: at once")
    url: Text | None = Field(None, description="With `clicked`: the link")

    @model_validator(mode="after")
    def _only_links_are_clicked(self) -> Self:
        if self.url is not None and self.kind is not AnswerKind.CLICKED:
            raise complaint("a `url` has an effect with `kind: clicked` only", key="url")
        return self


class CallAnswerSection(Section):
    """What an endpoint answers each time it is called; without one a call fails for good, at once."""

    called: ClassVar[str] = "an answer to a call"

    call: Name = Field(description="Which endpoint of engage.yaml")
    contact: Text | None = Field(None, description="About whom; default: everybody")
    data: Any = Field(description="Its JSON answer: what stands in quotes is text, the rest numbers, `true`, `false`, `null` or text")
    after: Span | None = Field(None, description="How long it takes; default: no time")


KINDS = ("message", "call")

AnswerField = Annotated[
    Annotated[MessageAnswerSection, Tag("<message>")] | Annotated[CallAnswerSection, Tag("<call>")],
    kind_of(*KINDS),
    BeforeValidator(one_key_of(*KINDS, called="an answer")),
]


class AnswersFile(Section):
    """What providers and people do, for a simulation."""

    answers: list[AnswerField] = Field(description="What comes back, and of what")
