"""A message on its way to one contact, stage by stage: each type can only be made of the one before it.

`Intent -> Approved -> Rendered -> Cleared -> Receipt`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, final

from engage.model.contact import ChannelKind, Consent, Contact
from engage.model.content import Content
from engage.model.making import made_often
from engage.model.quiet_hours import QuietHoursLayer


class DeliveryState(StrEnum):
    """WAITING and SENDING are on the way; the others are final and stay so."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing more comes of it."""
        return self not in (DeliveryState.WAITING, DeliveryState.SENDING)


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A delivery row that is due. `intended_at` is when it fell due first, whatever deferred it since.

    `channels` is the order of preference, as written (`preferred` stands for the contact's own choice). `to` is a fixed
    recipient's address. `values` is what `with` and the run hand to the template. `tried` names channels whose provider
    refused the address; `bound_to` the provider that may have it already, and knows it by its key. `quiet_hours` holds the layers of
    campaign and send. Deliveries of one `occasion` are one touch of every limit. `accepted_at` is when the event was taken in that made
    it fall due, where nothing else did; `trace` is that event's `traceparent`. `needless` is the type of an event by which what went by
    an earlier channel, in whose stead this one is, turned out to have arrived.
    """

    id: int
    run_id: int | None
    campaign: str
    version: str
    step: str
    message: str
    purpose: str
    contact_id: int
    channels: tuple[str, ...]
    intended_at: datetime
    due_at: datetime
    expires_at: datetime
    priority: int = 5
    to: str | None = None
    quiet_hours: tuple[QuietHoursLayer, ...] = ()
    trigger: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    bound_to: str | None = None
    attempts: int = 0
    resends: int = 0
    send_key: str = ""
    occasion: str | None = None
    accepted_at: datetime | None = None
    trace: str | None = None
    needless: str | None = None


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """A touch `sent` or `unknown`, or a delivery under way: what limits count, those of one `occasion` as one."""

    at: datetime
    campaign: str
    purpose: str
    delivery_id: int | None
    occasion: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """What is known of a channel's provider, by the machine clock turned into a wait: `wait` seconds until it takes the next."""

    wait: float = 0.0
    reason: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignState:
    """What can change about a campaign while its deliveries wait. `since`: when the delivery's version was accepted, for its ramp."""

    live: bool = True
    paused: bool = False
    ended: bool = False
    approved: bool = True
    since: datetime | None = None


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the decision asks, read together. `None` contact: it is gone.

    `consents` are the ledger's lines for the contact, and the withdrawals by message of whoever shares its addresses.
    `suppressed` and `duplicates` name the kinds of channel whose address is on a suppression list, or got this message already
    in the same occurrence. `paused_channels` are names of channels.
    """

    contact: Contact | None
    campaign: CampaignState = field(default_factory=CampaignState)
    run_exited: bool = False
    paused_channels: frozenset[str] = frozenset()
    consents: tuple[Consent, ...] = ()
    suppressed: Mapping[ChannelKind, str] = field(default_factory=dict)
    duplicates: frozenset[ChannelKind] = frozenset()
    hand_offs: tuple[HandOff, ...] = ()
    providers: Mapping[str, ProviderState] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the decision's trail: which check, of which channel where it asks one, whether it passed, and why."""

    number: int
    name: str
    passed: bool
    why: str
    channel: str | None = None


Trail = tuple[Check, ...]


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """It may be sent now. Only `engage.policy` makes one."""

    intent: Intent
    contact: Contact
    channel: str
    kind: ChannelKind
    address: str
    trail: Trail


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now: at `until`, which is later than now and not past the expiry."""

    intent: Intent
    until: datetime
    reason: str
    trail: Trail
    channel: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Waits for people; the delivery is looked at again when they act, at `until`, where time alone may let it go, and at its expiry."""

    intent: Intent
    reason: Literal["paused", "approval", "zone", "ramp"]
    trail: Trail
    until: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Never: SUPPRESSED, EXPIRED or CANCELLED, with its reason."""

    intent: Intent
    state: Literal[DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED]
    reason: str
    trail: Trail
    channel: str | None = None


Decision = Approved | Deferred | Held | Refused


class LocaleSource(StrEnum):
    """How a message's language was chosen."""

    CONTACT = "contact"
    PARENT = "parent"
    DEFAULT = "default"


class Given(NamedTuple):
    """What a template reads beside the contact: what the trigger holds, and the values by name; each as its type, not as JSON."""

    trigger: Mapping[str, object]
    values: Mapping[str, object]


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Signed links of one delivery. They carry no address."""

    unsubscribe: str
    preferences: str
    view: str


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What the recipient will read. Only `engage.templates` makes one, of an Approved."""

    approved: Approved
    content: Content
    locale: str
    locale_source: LocaleSource
    links: Links


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """May be handed over: `sending` is committed. Only `engage.delivery` makes one, in the transaction that asked again.

    `message_id` (RFC 5322, with its angle brackets) and `idempotency_key` were fixed when the row was made and never change.
    `promotional` is true unless the purpose's consent is `none` on this kind of channel.
    """

    rendered: Rendered
    message_id: str
    idempotency_key: str
    promotional: bool

    @property
    def intent(self) -> Intent:
        """The delivery that this is."""
        return self.rendered.approved.intent


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider's yes. `provider_id` is its own name of the message, where it gives one."""

    provider_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
