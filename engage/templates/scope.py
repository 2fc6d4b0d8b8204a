"""What one rendering carries along beside the data: the reader's formats and zone, and the budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, final
from zoneinfo import ZoneInfo

from jinja2.runtime import Context

from engage.templates.formats import Formats
from engage.templates.limits import Budget

KEY = "_scope"
"""Its name in the context: what begins with an underscore cannot be named in a template."""


class Segments(Protocol):
    """The one question that a template may ask of the database; every Lookup of expressions answers it."""

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """`formats` are the reader's own (`en-GB`) where the message is in their language (`en`)."""

    formats: Formats
    zone: ZoneInfo
    budget: Budget = field(default_factory=Budget)


def scope_of(context: Context) -> Scope:
    """The scope of the rendering that this context belongs to."""
    scope: Scope = context.parent[KEY]
    return scope
