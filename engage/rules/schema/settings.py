"""`engage.yaml`."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Discriminator, Field, Tag, model_validator

from engage.model.contact import AttributeKind
from engage.model.retention import Retained
from engage.model.tracking import UTM, Allowed
from engage.model.workspace import Basis
from engage.rules.schema.channels import ChannelSection
from engage.rules.schema.fields import (
    MAP,
    TEXT,
    Country,
    Day,
    EventType,
    FieldName,
    Limits,
    Locale,
    Name,
    Section,
    Share,
    Span,
    Text,
    Truth,
    Whole,
    Word,
    Zone,
    complaint,
    shape,
)
from engage.rules.schema.hooks import HooksSection
from engage.rules.schema.mailboxes import MailboxSection
from engage.rules.schema.quiet_hours import QuietHoursField, QuietHoursMap
from engage.rules.schema.webhooks import WebhookSection

SHORTEST = timedelta(days=2)
"""A day, and the one that a span may be longer by in a zone."""


class AfterCrash(StrEnum):
    """What happens to a message of which nobody can know whether the provider took it."""

    RESEND = "resend"
    HOLD = "hold"


OnUnknown = Annotated[AfterCrash, Word(AfterCrash)]
Kind = Annotated[AttributeKind, Word(AttributeKind)]
BasisWord = Annotated[Basis, Word(Basis)]


class CompanySection(Section):
    """Who writes."""

    called: ClassVar[str] = "company"

    name: Text = Field(description="The company's name, as recipients know it")
    address: Text | None = Field(None, description="Its postal address, which promotional mail must carry")
    color: Text | None = Field(None, description="The colour of the buttons on its pages, as `#1f5fbf`")


class ConsentSection(Section):
    """Consent by kind of channel; a kind that is not named is `opt_in`."""

    called: ClassVar[str] = "consent by kind"

    email: BasisWord = Field(Basis.OPT_IN, description="What email asks")
    sms: BasisWord = Field(Basis.OPT_IN, description="What SMS asks")
    chat: BasisWord = Field(Basis.OPT_IN, description="What chat asks")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self


ConsentField = Annotated[Annotated[BasisWord, Tag(TEXT)] | Annotated[ConsentSection, Tag(MAP)], Discriminator(shape)]


class PurposeSection(Section):
    """Why we write."""

    called: ClassVar[str] = "a purpose"

    title: Text | None = Field(None, description="What recipients read in their preferences; default: its name")
    wording: Text | None = Field(None, description="What people agree to, as they read it on the pages; kept with each grant")
    consent: ConsentField = Field(description="`opt_in`, `opt_out` or `none`, for all kinds of channel or by kind")
    limit: Limits | None = Field(None, description="How often one contact gets anything of this purpose")
    quiet_hours: QuietHoursField | None = Field(None, description="Overrides the workspace's, key by key, or `ignore`")
    on_unknown: OnUnknown | None = Field(
        None, description="After a crash when nobody can know; default: `resend` where consent is none, else `hold`",
    )
    sender: Text | None = Field(None, alias="from", description="The sender of a second brand; default: the channel's")
    company: CompanySection | None = Field(None, description="The company of a second brand")
    public_url: Text | None = Field(None, description="The base of its links")


class StopAtSection(Section):
    """At which share of a campaign's last 1,000 messages it pauses by itself."""

    called: ClassVar[str] = "stop_at"

    bounces: Share | None = Field(None, description="Messages that came back, as `5%`")
    complaints: Share | None = Field(None, description="Messages that were marked as spam, as `0.3%`")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self


class GuardsSection(Section):
    """Against accidents."""

    called: ClassVar[str] = "guards"

    max_audience: Whole | None = Field(None, description="A campaign that would reach more holds until `engage approve CAMPAIGN`")
    only_to: list[Text] = Field(default_factory=list, description="Where set, nothing goes to anyone else: addresses, or `@example.com`")
    placeholder_dates: list[Day] = Field(
        default_factory=lambda: [date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1)], description="Dates that mean nothing and never fire",
    )
    stop_at: StopAtSection | None = Field(None, description="Pauses a campaign, and says so, when too much of what it sends comes back")

    @model_validator(mode="after")
    def _reach_someone(self) -> Self:
        if self.max_audience is not None and self.max_audience < 1:
            raise complaint("`max_audience` must be at least 1", key="max_audience")
        return self


class RetentionSection(Section):
    """How long what kind of data is kept; a kind that is not named is kept for ever. Once a day the scheduler removes what is older."""

    called: ClassVar[str] = "retention"

    texts: Span | None = Field(None, description="Addresses, subjects, texts and proofs in the history; its lines stay")
    opens_clicks: Span | None = Field(None, description="Who opened and clicked what")
    events: Span | None = Field(None, description="What came in, with its data")
    runs: Span | None = Field(
        None, description="What runs that have ended were begun with and got, and their messages were filled with; their keys stay",
    )
    touches: Span | None = Field(None, description="The history's lines, and the messages that they tell of")
    inactive_contacts: Span | None = Field(None, description="Contacts who have given no sign of life for so long: they are erased")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        for kind in Retained:
            span = getattr(self, kind.value)
            if span is not None and span.at_most < SHORTEST:
                raise complaint(f"`{kind.value}` is kept for a day at least: what is older goes once a day", key=kind.value)
        return self


class UtmSection(Section):
    """What web analytics reads of a followed link. `{campaign}` and `{message}` in a value stand for their names."""

    called: ClassVar[str] = "utm"

    source: Text | None = Field(None, description="`utm_source`: where the visitor comes from, as `engage`")
    medium: Text | None = Field(None, description="`utm_medium`: by what, as `email`")
    campaign: Text | None = Field(None, description="`utm_campaign`, as `{campaign}`")
    term: Text | None = Field(None, description="`utm_term`")
    content: Text | None = Field(None, description="`utm_content`, as `{message}`")
    id: Text | None = Field(None, description="`utm_id`")

    @model_validator(mode="after")
    def _says_what_is_known(self) -> Self:
        for name in UTM:
            if "{" in str(getattr(self, name) or "").replace("{campaign}", "").replace("{message}", ""):
                raise complaint(f"`{name}` is a text, in which `{{campaign}}` and `{{message}}` stand for theirs", key=name)
        return self


class TrackingSection(Section):
    """Whether opens and clicks of mails are recorded, where a template's `track` says nothing else; and of whom."""

    called: ClassVar[str] = "tracking"

    opens: Truth = Field(False, description="Mails have a picture that tells that they were opened")
    clicks: Truth = Field(False, description="Links of mails lead by way of `/c/…`")
    utm: UtmSection | None = Field(None, description="What links get for web analytics, where a template's `utm` says nothing else")
    by_country: dict[Country, Annotated[Allowed, Word(Allowed)]] = Field(
        default_factory=dict, description="`on`, `off`, or `ask`: only of contacts whose `tracking` is true; default `on`",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self


class EndpointSection(Section):
    """Whom the step `call` asks."""

    called: ClassVar[str] = "an endpoint"

    url: Text = Field(description="Where it is posted to: https://, or http:// to this machine itself")
    secret: Text = Field(description="The key of the signature (whsec_… in base64), which the other side knows too")
    old_secret: Text | None = Field(None, description="What it is signed with too, while one takes the other's place")


class LawsSection(Section):
    """What laws `engage check` holds the workspace against."""

    called: ClassVar[str] = "laws"

    countries: list[Country] = Field(
        default_factory=list, description="Where contacts live, beside the countries that quiet hours, channels and audiences name",
    )
    accepted: dict[Text, Text] = Field(default_factory=dict, description="Rules of `engage laws` that are not warned of, each with why")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self


class SettingsFile(Section):
    """The settings of a workspace. `${NAME}` comes from the environment or `.env`, `${NAME:-default}` allowed."""

    company: CompanySection = Field(description="Who writes")
    public_url: Text = Field(description="Base of the links in messages: unsubscribe, preferences, view in browser")
    database: Text | None = Field(
        None, description="A file below the workspace, or postgresql+psycopg://…", json_schema_extra={"default": "sqlite:///var/engage.db"},
    )
    broker: Text | None = Field(
        None, description="What carries nudges: redis://…, rediss://…, unix://…, amqp://…", json_schema_extra={"default": "embedded"},
    )
    locale: Locale | None = Field(
        None, description="The default language; a contact's own comes first", json_schema_extra={"default": "en"},
    )
    timezone: Zone | None = Field(
        None, description="For schedules, and for contacts whose own cannot be known", json_schema_extra={"default": "UTC"},
    )
    attributes: dict[FieldName, Kind] = Field(default_factory=dict, description="What we know of contacts, beside the built-in attributes")
    events: dict[EventType, dict[FieldName, Kind]] = Field(default_factory=dict, description="What comes in, and its fields")
    purposes: dict[Name, PurposeSection] = Field(description="Every campaign names one")
    limit: Limits | None = Field(None, description="Over all purposes but those with consent: none")
    quiet_hours: QuietHoursMap | None = Field(None, description="The recipient's local time; half open")
    guards: GuardsSection | None = Field(None, description="Against accidents")
    tracking: TrackingSection | None = Field(None, description="Whether opens and clicks of mails are recorded, and of whom")
    retention: RetentionSection | None = Field(None, description="How long what kind of data is kept")
    endpoints: dict[Name, EndpointSection] = Field(default_factory=dict, description="Whom the step `call` may ask")
    hooks: HooksSection | None = Field(None, description="What may post to `/hooks/…`")
    webhooks: dict[Name, WebhookSection] = Field(default_factory=dict, description="Who is told what happens")
    laws: LawsSection | None = Field(None, description="Laws to be held against, and what was accepted of them")
    channels: dict[Name, ChannelSection] = Field(description="The ways to reach people")
    mailboxes: dict[Name, MailboxSection] = Field(default_factory=dict, description="Where bounces and answers are fetched from")
