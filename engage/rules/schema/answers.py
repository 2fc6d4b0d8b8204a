"""`answers` of a campaign test, and of a file for `engage simulate --answers`: what providers and people do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, Tag, model_validator

from engage.model.history import Kind
from engage.rules.schema.fields import Name, Section, Span, Text, Truth, Word, complaint, kind_of, one_key_of


class AnswerKind(StrEnum):
    """What may come back of a message: the kinds of touch of the same names (`engage.model.responses`)."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


OF_KINDS: Mapping[str, frozenset[str]] = {
    "url": frozenset({Kind.CLICKED}), "text": frozenset({Kind.REPLIED}), "reason": frozenset({Kind.BOUNCED}),
    "machine": frozenset({Kind.OPENED, Kind.CLICKED, Kind.REPLIED}),
}
"""Keys that have an effect with some kinds of answer only."""


class MessageAnswerSection(Section):
    """What comes back each time a message was sent."""

    called: ClassVar[str] = "an answer to a message"

    message: Name = Field(description="Of which message")
    contact: Text | None = Field(None, description="Whose; default: everybody's")
    channel: Name | None = Field(None, description="Only where it went by this channel")
    kind: Annotated[AnswerKind, Word(AnswerKind)] = Field(description="What comes back")
    after: Span | None = Field(None, description="How long after it was sent; default: at once")
    url: Text | None = Field(None, description="With `clicked`: the link")
    text: Text | None = Field(None, description="With `replied`: what was written")
    reason: Text | None = Field(None, description="With `bounced`: `hard`, `soft`, `full`, `blocked` or a code (`4.2.2`); default: hard")
    machine: Truth = Field(False, description="With `opened`, `clicked`, `replied`: a machine did it by itself, which never counts")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        for key, kinds in OF_KINDS.items():
            if self.says(key) and self.kind.value not in kinds:
                raise complaint(f"`{key}` has an effect with `kind: {' | '.join(sorted(kinds))}` only", key=key)
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
