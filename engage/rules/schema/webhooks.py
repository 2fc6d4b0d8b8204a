"""`webhooks` of engage.yaml."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from engage.model.history import Kind
from engage.rules.schema.fields import FieldName, Name, Section, Text, Word

KindWord = Annotated[Kind, Word(Kind)]


class WebhookSection(Section):
    """Who is told what happens: each touch is posted there, in order, signed, until it is taken."""

    called: ClassVar[str] = "a webhook"

    url: Text = Field(description="Where it is posted to: https://, or http:// to this machine itself")
    secret: Text = Field(description="The key of the signature (whsec_… in base64), which the other side knows too")
    kinds: list[KindWord] = Field(default_factory=list, description="Which kinds of touch; default: all")
    campaigns: list[Name] = Field(default_factory=list, description="Touches of which campaigns; default: all, and those of none")
    fields: list[FieldName] = Field(
        default_factory=list, description="Attributes of the contact that are told along; default: none, but our number for it",
    )
