"""`webhooks` of engage.yaml."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from engage.model.history import Kind
from engage.model.outlets import Format
from engage.rules.schema.fields import FieldName, Name, Section, Text, Whole, Word, complaint

KindWord = Annotated[Kind, Word(Kind)]
LARGEST_BATCH = 50


class WebhookSection(Section):
    """Who is told what happens: each touch is posted there, in order, signed, until it is taken."""

    called: ClassVar[str] = "a webhook"

    url: Text = Field(description="Where it is posted to: https://, or http:// to this machine itself")
    secret: Text = Field(description="The key of the signature (whsec_… in base64), which the other side knows too")
    old_secret: Text | None = Field(None, description="What it is signed with too, while one takes the other's place")
    format: Annotated[Format, Word(Format)] = Field(
        Format.STANDARD, description="standard (type, timestamp, data), or cloudevents (CloudEvents 1.0 in JSON)",
    )
    batch: Whole | None = Field(
        None, description=f"Of cloudevents: up to so many touches a POST, 2 to {LARGEST_BATCH}; default: one, in structured mode",
    )
    kinds: list[KindWord] = Field(default_factory=list, description="Which kinds of touch; default: all")
    campaigns: list[Name] = Field(default_factory=list, description="Touches of which campaigns; default: all, and those of none")
    fields: list[FieldName] = Field(
        default_factory=list, description="Attributes of the contact that are told along; default: none, but our number for it",
    )

    @model_validator(mode="after")
    def _batches(self) -> Self:
        if self.batch is not None and self.format is not Format.CLOUDEVENTS:
            raise complaint("`batch` has no effect without `format: cloudevents`", key="batch")
        if self.batch is not None and not 2 <= self.batch <= LARGEST_BATCH:
            raise complaint(f"`batch` is 2 to {LARGEST_BATCH}", key="batch")
        return self
