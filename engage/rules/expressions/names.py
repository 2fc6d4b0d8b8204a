"""What an expression may name at the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from engage.model.contact import AttributeKind

Fields = Mapping[str, AttributeKind]
"""The fields of a record, by name."""

Shape = AttributeKind | Fields | None
"""What a name given by `as` holds: one value, a record (an event), or None for whatever comes (the answer of a call)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All that may be named. `attributes` holds the built-in ones and the declared ones.

    `trigger` None: any field may be asked of it. `event` None: the name `event` is not there (it is only in `where` and `key`).
    `data` has the columns of each small table, `events` the fields of each declared event.
    """

    attributes: Fields
    trigger: Fields | None = None
    event: Fields | None = None
    variables: Mapping[str, Shape] = field(default_factory=dict)
    data: Mapping[str, frozenset[str]] = field(default_factory=dict)
    purposes: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    events: Mapping[str, Fields] = field(default_factory=dict)

    @property
    def roots(self) -> frozenset[str]:
        """The names with which an expression may begin."""
        always = {"contact", "trigger", "now", "today", "data"}
        return frozenset(always | set(self.variables) | ({"event"} if self.event is not None else set()))
