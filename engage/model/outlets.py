"""Events out: whom of the outside each touch is told, as `webhooks` of engage.yaml says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from engage.model.errors import Place
from engage.model.history import Kind


class Format(StrEnum):
    """What a POST of a webhook looks like."""

    STANDARD = "standard"
    """`type`, `timestamp` and `data`, as Standard Webhooks recommends."""
    CLOUDEVENTS = "cloudevents"
    """CloudEvents 1.0 in JSON: the structured mode, or batches."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One webhook. Empty `kinds` or `campaigns`: all of them. `fields` are the attributes of contacts that are told along.

    `url` and the secrets may come from the environment; none is ever printed. While one secret takes the other's place, it is signed with
    both. `batch`: None for one touch a POST, else up to so many. `source` is who says so, in CloudEvents.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    old_secret: str | None = field(default=None, repr=False)
    format: Format = Format.STANDARD
    batch: int | None = None
    source: str = ""
    kinds: frozenset[Kind] = frozenset()
    campaigns: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def media_type(self) -> str:
        """The Content-Type of a POST."""
        if self.format is Format.STANDARD:
            return "application/json"
        return "application/cloudevents+json" if self.batch is None else "application/cloudevents-batch+json"
