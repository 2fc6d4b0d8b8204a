"""What a person may ask of whoever keeps data of them: a copy of all of it (GDPR art. 15, 20), and that it is erased (art. 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from engage.model.contact import Consent

FORMAT, VERSION = "engage.person", 1
"""What an export says of itself; the version goes up when a key of it changes its meaning or goes."""


class ErasedWhy(StrEnum):
    """Why somebody was erased. Only who asked for it is not taken in again."""

    REQUESTED = "requested"
    INACTIVE = "inactive"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure came to. `barred` identities are not taken in again; `shared` addresses are another contact's too, and stay free."""

    contact_id: int
    at: datetime
    barred: int
    shared: int
    waiting: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A line of the ledger of somebody who was erased. `matches`: the proof or source that is at hand is the one that was on record."""

    line: Consent
    wording: str | None
    matches: bool


class Privacy(Protocol):
    """One person's data as a whole. Each call is one transaction."""

    def export(self, contact_id: int, *, now: datetime) -> Mapping[str, object]:
        """All that is kept of the contact, as JSON values; the shape is that of docs/privacy.md."""
        ...

    def erase(self, contact_id: int, *, now: datetime, by: str, why: ErasedWhy = ErasedWhy.REQUESTED) -> Erasure:
        """Erase the contact: what is left are keyed hashes, and what happened without whom it happened to.

        Whatever waits to be sent to them is not sent. Raises InputError where there is no such contact.
        """
        ...

    def proof(self, reference: str, *, text: str | None = None) -> Sequence[Proof]:
        """The ledger's lines of whoever was erased and had that address or external id, oldest first; none where nobody was.

        `text` is a proof or a source that is at hand.
        """
        ...
