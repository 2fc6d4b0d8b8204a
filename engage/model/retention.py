"""How long what kind of data is kept: `retention:` of engage.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from engage.model.errors import Place
from engage.model.history import Kind
from engage.model.time import Duration


class Retained(StrEnum):
    """The kinds of data that may be kept for so long and no longer; the order is that in which they are removed."""

    TEXTS = "texts"
    OPENS_CLICKS = "opens_clicks"
    EVENTS = "events"
    RUNS = "runs"
    TOUCHES = "touches"
    INACTIVE_CONTACTS = "inactive_contacts"


SIGNS_OF_LIFE = frozenset({
    Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.EVENT, Kind.CONVERTED, Kind.CONSENT_GRANTED, Kind.CONSENT_WITHDRAWN, Kind.UNSUBSCRIBED,
    Kind.COMPLAINED, Kind.NOTE,
})
"""Touches by which a contact is not inactive: what they did themselves, or somebody with them. That we wrote to them is none."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long one kind of data is kept."""

    kind: Retained
    keep: Duration
    place: Place | None = field(default=None, compare=False, repr=False)
