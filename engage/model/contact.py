"""A person: what we know, where they can be reached, and what they allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import final

from engage.model.making import made_often
from engage.model.time import Zones


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str


Value = str | bool | int | float | Decimal | date | datetime | Money | tuple[str, ...] | None
"""What an attribute or an event's field may hold. `None` is what is missing. `datetime` is aware and in UTC."""


class AttributeKind(StrEnum):
    """The types that `attributes:` and `events:` of engage.yaml may declare."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    MONEY = "money"


BUILT_IN_ATTRIBUTES: Mapping[str, AttributeKind] = {
    "external_id": AttributeKind.TEXT,
    "first_name": AttributeKind.TEXT,
    "last_name": AttributeKind.TEXT,
    "email": AttributeKind.TEXT,
    "phone": AttributeKind.TEXT,
    "chat_id": AttributeKind.TEXT,
    "locale": AttributeKind.TEXT,
    "timezone": AttributeKind.TEXT,
    "country": AttributeKind.TEXT,
    "city": AttributeKind.TEXT,
    "company": AttributeKind.TEXT,
    "tags": AttributeKind.LIST,
    "status": AttributeKind.TEXT,
    "created_at": AttributeKind.DATETIME,
    "preferred_channel": AttributeKind.TEXT,
    "frequency": AttributeKind.TEXT,
    "tracking": AttributeKind.BOOLEAN,
}
"""What every contact has without being declared. `phone` is E.164, `locale` BCP 47, `country` ISO 3166-1 alpha-2; `tracking` is the
contact's own yes or no to having its opens and clicks recorded."""


IDENTITIES = ("external_id", "email", "phone")
"""What tells people apart, in the order in which it is asked."""

PREFERRED = "preferred"
"""The word in a list of channels that stands for the contact's own choice."""


class ChannelKind(StrEnum):
    """The kinds of channel; consent goes by them, and so do addresses."""

    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"


ADDRESSES: Mapping[ChannelKind, str] = {ChannelKind.EMAIL: "email", ChannelKind.SMS: "phone", ChannelKind.CHAT: "chat_id"}
"""The attribute that holds the address of each kind."""


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person. `attributes` has every built-in and declared attribute that is present, each of its declared type."""

    id: int
    attributes: Mapping[str, Value]
    zones: Zones
    erased: bool = False

    def text(self, name: str) -> str | None:
        """The attribute as text, or None where it is missing or of another type."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def label(self) -> str:
        """What people call this contact in logs and tables: the external id, else our own number; never an address."""
        return self.text("external_id") or f"#{self.id}"

    def address(self, kind: ChannelKind) -> str | None:
        """Where this contact is reached by a kind of channel."""
        return self.text(ADDRESSES[kind])


class Ground(StrEnum):
    """On what a grant rests: the person's own yes, or what a law takes for one (a customer's, an enquirer's), or no yes at all."""

    CONSENT = "consent"
    IMPLIED = "implied"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One line of the ledger. `channel` None means all kinds of channel. `address_key` is set where it came through a message.

    `expires_at`: from then on it says nothing, as if it had never been there; the line before counts again. A withdrawal that expires
    is a pause. `wording` is the hash of what the person read, which the ledger keeps, in the language `locale`. `ground` is of grants.
    """

    contact_id: int
    purpose: str
    channel: ChannelKind | None
    granted: bool
    at: datetime
    source: str
    proof: str | None = None
    address_key: str | None = None
    expires_at: datetime | None = None
    ground: Ground | None = None
    wording: str | None = None
    locale: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened outside: a ticket closed, an order placed, an answer given.

    `contact_id` is None while the contact is not known (`contact_ref` then says who is meant) and for an event about nobody.
    `trace` is the W3C `traceparent` under which it was taken in, where that is recorded.
    """

    id: str
    type: str
    at: datetime
    data: Mapping[str, Value]
    contact_id: int | None = None
    contact_ref: str | None = None
    received_at: datetime | None = field(default=None, compare=False)
    trace: str | None = field(default=None, compare=False)
