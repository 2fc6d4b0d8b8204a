"""What contacts ask of a store: people, the consent ledger, the suppression list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, final

from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Consent, Contact, Ground, Value
from engage.model.making import made_often


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A consent, or its withdrawal, as somebody told it of a person. `at` None: nobody knows since when.

    Without its time it says less than what the ledger knows: it never brings back a consent that was withdrawn. `ground`, `wording` (what
    was read, in the language `locale`) and `expires_at` are of grants.
    """

    purpose: str
    channel: ChannelKind | None
    granted: bool
    at: datetime | None
    source: str
    proof: str | None = None
    ground: Ground | None = None
    wording: Wording | None = None
    locale: str | None = None
    expires_at: datetime | None = None


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is told of one person: normalised attributes (None: to be cleared; absent: left as it is) and permissions."""

    attributes: Mapping[str, Value]
    permissions: tuple[Permission, ...] = ()


class Fate(StrEnum):
    """What became of a person that was to be stored."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of one person; `contact_id` is None where refused (`reason` then says why).

    `consents` is the number of lines that the ledger got; `passed_over` that of undated grants which it knew better.
    """

    fate: Fate
    contact_id: int | None = None
    reason: str | None = None
    consents: int = 0
    passed_over: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One line of the suppression list. `contacts` are the labels of those who have the address now, and `address` is theirs, where
    it was asked for; the list itself keeps no address.
    """

    address_key: str
    channel: ChannelKind
    reason: str
    at: datetime
    contacts: tuple[str, ...] = field(default=())
    address: str | None = field(default=None, repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What is to be put on the suppression list: an address, or the hash of one (`key`) where the address is not known any more."""

    kind: ChannelKind
    reason: str
    address: str | None = field(default=None, repr=False)
    key: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """By what a contact is known: an external id or an address, `name` as the attributes say. `added_at` None: the primary one."""

    name: str
    value: str
    source: str | None = None
    added_at: datetime | None = None

    @property
    def is_primary(self) -> bool:
        """Whether it stands among the contact's attributes; messages go to primary addresses alone."""
        return self.added_at is None


class Registering(Protocol):
    """Where people are brought in."""

    def upsert(self, persons: Sequence[Person], *, now: datetime, silent: bool = False) -> Sequence[Stored]:
        """Store a batch, merged by identity with what is there and with each other, in the order given; one answer for each.

        Safe to repeat: what is known already changes nothing. `silent` makes nobody enter a campaign on account of it. A changed
        zone frees the deliveries that waited for one.
        """
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How many contacts were `created` of people who were laid out, and what `Stored` counts, of all of them."""

    created: int
    consents: int
    passed_over: int


class Newcomers(Protocol):
    """People whom nobody knows yet, as most are of whom a long file tells: they are laid out, then brought in."""

    def lay_out(self, persons: Sequence[Person]) -> bytes | None:
        """All of them as the store takes them; None where they must be looked at one by one.

        It asks no database: a copy of this process may do it, which has none.
        """
        ...

    def bring_in(self, laid: bytes) -> Brought | None:
        """Store them as `upsert` would; None, and nothing is stored, where one of them may be known or must be refused."""
        ...


Acquaintance = Literal["known", "unknown", "erased"]
"""Whether somebody is meant by a reference who is there, nobody, or somebody who was erased and is not taken in again."""


class People(Registering, Protocol):
    """The contacts. Each call is one transaction, committed when it returns."""

    def newcomers(self, *, now: datetime, silent: bool = False) -> Newcomers:
        """How those are brought in whom nobody knows yet."""
        ...

    def trial(self) -> AbstractContextManager[Registering]:
        """People as they are now, for a dry run: what is brought in counts for the batches after it, and is gone with the block."""
        ...

    def find(self, reference: str) -> Contact | None:
        """By external id, else email, else phone, primary or other; or by our own number (`#12`), also after a merge.

        Raises InputError where several contacts share the address.
        """
        ...

    def acquaintance(self, references: Collection[str]) -> Mapping[str, Acquaintance]:
        """How each is known; an address that several share is known, as whoever was there first."""
        ...

    def is_barred(self, reference: str) -> bool:
        """Whether it names somebody who was erased, and is not taken in again."""
        ...

    def readmit(self, reference: str, *, now: datetime) -> bool:
        """Let an erased identity be taken in again; False where it is not barred.

        Nothing of what was erased comes back but what was withdrawn: it counts for whoever has the address from now on.
        """
        ...

    def identities(self, contact_id: int) -> Sequence[Identity]:
        """All that the contact is known by, the primary ones first."""
        ...

    def change(
        self, contact_id: int, attributes: Mapping[str, Value], *, now: datetime, added: Sequence[Identity] = (),
        removed: Sequence[Identity] = (),
    ) -> Contact:
        """Set attributes of one contact (None clears); other identities come and go.

        One of the others that is set as an attribute becomes the primary one, and that one of the others. Raises InputError where
        another has the external id, where the identity is barred, or where nothing would identify the contact.
        """
        ...

    def is_empty(self) -> bool:
        """Whether nobody is known yet."""
        ...

    def resettle(self, *, now: datetime) -> int:
        """Work out zones and stored dates anew, after the settings' zone or attributes or the zone data changed.

        In batches, each a transaction; safe to repeat. How many contacts moved to another zone.
        """
        ...


class Ledger(Protocol):
    """The consents: lines are appended, never changed; each is a touch too, in the same transaction."""

    def record(self, consents: Sequence[Consent], *, wordings: Sequence[Wording] = ()) -> int:
        """Append the lines; one that is there already, to the letter, is not repeated. The number of new ones.

        `wordings` are what the lines name by their hashes; each is kept, once, for good.
        """
        ...

    def wordings(self, hashes: Iterable[str]) -> Mapping[str, Wording]:
        """Those of the wordings that are kept, by their hashes."""
        ...

    def lines(self, contact_id: int) -> Sequence[Consent]:
        """The contact's lines, and withdrawals by message of whoever shares its addresses; oldest first."""
        ...


class Suppressions(Protocol):
    """Addresses that are never written to again, whoever has them. Kept as keyed hashes, so that they outlive the person."""

    def suppress(self, kind: ChannelKind, address: str, *, reason: str, now: datetime) -> bool:
        """Put the address on the list; False where it is there already (the older reason stays)."""
        ...

    def unsuppress(self, kind: ChannelKind, address: str) -> bool:
        """Take it off; False where it was not there."""
        ...

    def take(self, entries: Sequence[Blocked], *, now: datetime) -> int:
        """Put all of them on the list, in one transaction; how many were not there already."""
        ...

    def suppressed(self) -> Sequence[Suppression]:
        """The list, newest first."""
        ...

    def with_addresses(self) -> Iterable[Suppression]:
        """The list, oldest first, with the addresses of contacts who have them now; read as it goes."""
        ...
