"""The settings of engage.yaml, checked and frozen, and the whole of a workspace as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal, final

from engage.model.campaign import Campaign, Limit
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.history import Kind
from engage.model.hooks import Hook
from engage.model.outlets import Outlet
from engage.model.quiet_hours import QuietHours, QuietHoursLayer
from engage.model.rates import WarmUp
from engage.model.retention import Retained, Retention
from engage.model.tracking import TrackingRules

Files = Mapping[str, bytes]
"""A workspace as texts: path relative to its root (with `/`) -> content. What is accepted is kept in the database so."""


Queue = Literal["transactional", "bulk"]
QUEUES: tuple[Queue, ...] = ("transactional", "bulk")
"""By which deliveries go, the more urgent first: a ticket's reply never waits behind a newsletter."""


class Basis(StrEnum):
    """What a purpose asks of a contact's consent."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    NONE = "none"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who writes. `color` is that of the buttons on its pages (`#rrggbb`); None: ours."""

    name: str
    address: str = ""
    color: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why we write. `consent` has an entry for every kind of channel. `title` and `wording` are in the workspace's language."""

    name: str
    title: str
    consent: Mapping[ChannelKind, Basis]
    limits: tuple[Limit, ...] = ()
    quiet_hours: QuietHoursLayer = None
    on_unknown: Literal["resend", "hold"] = "hold"
    sender: str | None = None
    company: Company | None = None
    public_url: str | None = None
    wording: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    def is_transactional(self, kind: ChannelKind) -> bool:
        """Whether this purpose asks no consent on that kind of channel; all others are promotional."""
        return self.consent[kind] is Basis.NONE

    @property
    def asks_nothing(self) -> bool:
        """Whether it asks no consent, on any kind of channel."""
        return all(basis is Basis.NONE for basis in self.consent.values())

    @property
    def queue(self) -> Queue:
        """Which queue its deliveries go by."""
        return "transactional" if self.asks_nothing else "bulk"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach people through one adapter. `options` are the adapter's own keys, with the environment filled in.

    `to` makes it a fixed recipient (staff): no consent, no limit, no quiet hours. Rates are in messages a second; `domain_rates` go
    by the recipient's domain. `named` is what its provider is called, where engage.yaml gives it a name of its own.
    `answers`: what is answered to the words `help`, `stop` and `start` of SMS.
    `providers`: the channel once by each of several, in the order in which they are tried; empty where it has but the one.
    """

    name: str
    kind: ChannelKind
    adapter: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    sender: str | None = None
    to: str | None = None
    rate: float | None = None
    warm_up: WarmUp | None = None
    domain_rates: Mapping[str, float] = field(default_factory=dict)
    countries: frozenset[str] | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    named: str | None = None
    providers: tuple[Channel, ...] = ()
    place: Place | None = None

    @property
    def provider(self) -> str:
        """What the history calls its provider."""
        return self.named or self.adapter

    @property
    def ways(self) -> tuple[Channel, ...]:
        """The channel by each of its providers, in the order in which they are tried."""
        return self.providers or (self,)

    @property
    def key(self) -> str:
        """What the channel by this provider is known by among all: its name, and that of the provider where there may be several."""
        return self.name if self.named is None else f"{self.name}/{self.named}"  # no name has that sign in it

    def by(self, provider: str) -> Channel | None:
        """The channel by that provider; None where it has none of that name."""
        return next((way for way in self.ways if way.provider == provider), None)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Against accidents. `only_to` holds addresses or whole domains (`@example.com`); empty means everyone.

    `stop_at`: the share of a campaign's last 1,000 messages at which it pauses, by what came back (`bounced`, `complained`).
    """

    max_audience: int | None = None
    only_to: frozenset[str] = frozenset()
    placeholder_dates: frozenset[date] = frozenset({date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1)})
    stop_at: Mapping[Kind, Fraction] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """`laws:` of engage.yaml: countries to look at beside those that the workspace names, and rules that people accepted, with why."""

    countries: frozenset[str] = frozenset()
    accepted: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = field(default=None, compare=False, repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Whom the step `call` asks. `url` and the secrets may come from the environment; none is ever printed.

    While one secret takes the other's place, it is signed with both.
    """

    name: str
    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    old_secret: str | None = field(default=None, repr=False)
    place: Place | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """How an access token is had (RFC 6749): with a refresh token (section 6), without one by the client itself (section 4.4)."""

    token_url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    scope: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where bounces and answers are fetched from by IMAP. `url` may carry a password, unless `oauth2` lets in: it is never printed.

    `done` and `other` are the folders to which a mail goes that was about a message of ours, and that was not.
    """

    name: str
    url: str = field(repr=False)
    folder: str = "INBOX"
    done: str = "Engage"
    other: str = "Engage-Other"
    oauth2: OAuth2 | None = None
    place: Place | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """engage.yaml. `database` and `broker` may carry a password: they are never printed."""

    company: Company
    public_url: str
    database: str = field(default="sqlite:///var/engage.db", repr=False)
    broker: str = field(default="embedded", repr=False)
    locale: str = "en"
    timezone: str = "UTC"
    attributes: Mapping[str, AttributeKind] = field(default_factory=dict)
    events: Mapping[str, Mapping[str, AttributeKind]] = field(default_factory=dict)
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    quiet_hours: QuietHours | None = None
    guards: Guards = field(default_factory=Guards)
    laws: Laws = field(default_factory=Laws)
    tracking: TrackingRules = field(default_factory=TrackingRules)
    retention: Mapping[Retained, Retention] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    webhooks: Mapping[str, Outlet] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named audience: exactly one of `audience` and `members` (the external ids, emails or phones of a `list:`) is set."""

    name: str
    audience: Expression | None = None
    members: frozenset[str] | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """All that a company wrote, checked. `hash` is that of all its files; `data` holds the small tables: name, row key, column."""

    hash: str
    files: Files = field(repr=False)
    settings: Settings
    campaigns: Mapping[str, Campaign]
    segments: Mapping[str, Segment] = field(default_factory=dict)
    data: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


def every_expression(workspace: Workspace) -> Iterator[Expression]:
    """Each expression of a campaign or a segment, wherever it stands."""
    yield from _expressions_in((*workspace.campaigns.values(), *workspace.segments.values()))


def _expressions_in(noun: object) -> Iterator[Expression]:
    match noun:
        case Expression():
            yield noun
        case Mapping():
            for each in noun.values():
                yield from _expressions_in(each)
        case tuple():
            for each in noun:
                yield from _expressions_in(each)
        case _ if is_dataclass(noun):
            for each in fields(noun):
                yield from _expressions_in(getattr(noun, each.name))
