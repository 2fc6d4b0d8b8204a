"""The one expression language: Jinja's syntax, parsed to a typed tree; the tree as a Python closure (SQL is the store's work)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engage.model.contact import Value
from engage.model.time import Duration

__all__ = ["Lookup"]


class Lookup(Protocol):
    """Answers what an expression asks beyond the data in hand, about one contact at one moment."""

    def has_consent(self, purpose: str, channel: str) -> bool:
        """Whether the contact may be written to for the purpose by that kind of channel."""
        ...

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        ...

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        """Whether the contact's history has such a touch."""
        ...

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        """How many events of the type, with these fields, the contact had."""
        ...
