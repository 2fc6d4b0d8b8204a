"""What an expression asks beyond the data in hand: a port, answered by the store and by simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engage.model.contact import Value
from engage.model.time import Duration


class Lookup(Protocol):
    """Answers what an expression asks beyond the data in hand, about one contact at one moment (`now`).

    Implementers must give the answers that the expression has as SQL (`engage.store.expressions`): nothing later than `now` counts;
    `within` begins at `engage.rules.expressions.since(now, within)`, that moment included; None for `within` is ever.
    """

    def has_consent(self, purpose: str, channel: str) -> bool:
        """Whether the contact may be written to for the purpose by that kind of channel.

        By the purpose's basis: `none` always; the latest line of the ledger (of the channel or of all, ties by id) must be a grant
        for `opt_in`, and must not be a withdrawal for `opt_out`. A withdrawal through a message counts for all who share its address.
        """
        ...

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        ...

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        """Whether the contact's history has such a touch."""
        ...

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        """How many events of the type the contact had whose fields equal these; a field that is None equals nothing."""
        ...
