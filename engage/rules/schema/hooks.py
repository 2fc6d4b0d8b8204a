"""The hooks of `engage.yaml`: what may post to `/hooks/…`, each source with the keys by which it proves itself."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from engage.model.hooks import Digest, Encoding
from engage.rules.schema.fields import FieldName, Rate, Section, Source, Text, Word, complaint

_OLD = "What counts beside it, while one takes the other's place"
_OWN_ID = "How its own number of a person stands as our contacts' external_id: `zd-{id}`; default: the number alone"


class HookSection(Section):
    """Whatever may post."""

    rate: Rate | None = Field(
        None, description="How many requests that prove themselves are taken: 50/s, 1000/m; above it they are answered 429",
        json_schema_extra={"default": "100/s"},
    )


class SecretSection(HookSection):
    """A source that knows one secret."""

    secret: Text = Field(description="What it signs with, or sends along: docs/hooks.md says where that stands")
    old_secret: Text | None = Field(None, description=_OLD)


class ZendeskSection(SecretSection):
    """Zendesk: webhooks of triggers, automations and event subscriptions."""

    called: ClassVar[str] = "a Zendesk hook"

    external_id: Text | None = Field(None, description=_OWN_ID)


class FreshdeskSection(SecretSection):
    """Freshdesk: webhooks of automation rules."""

    called: ClassVar[str] = "a Freshdesk hook"

    external_id: Text | None = Field(None, description=_OWN_ID)


class HubSpotSection(SecretSection):
    """HubSpot: webhook subscriptions of an app, and webhooks of workflows."""

    called: ClassVar[str] = "a HubSpot hook"

    external_id: Text | None = Field(None, description=_OWN_ID)


class SalesforceSection(SecretSection):
    """Salesforce: outbound messages."""

    called: ClassVar[str] = "a Salesforce hook"

    organization: Text | None = Field(None, description="The Organization ID (00D…) whose messages alone count; better given")
    external_id: Text | None = Field(None, description=_OWN_ID)


class TwilioSection(SecretSection):
    """Twilio: what became of texts, and texts that people send."""

    called: ClassVar[str] = "a Twilio hook"


class SlackSection(SecretSection):
    """Slack: the Events API, and buttons."""

    called: ClassVar[str] = "a Slack hook"


class MailgunSection(SecretSection):
    """Mailgun: what became of mails."""

    called: ClassVar[str] = "a Mailgun hook"


class PostmarkSection(SecretSection):
    """Postmark: what became of mails."""

    called: ClassVar[str] = "a Postmark hook"


class BrevoSection(SecretSection):
    """Brevo: what became of mails."""

    called: ClassVar[str] = "a Brevo hook"


class SendGridSection(HookSection):
    """SendGrid: what became of mails."""

    called: ClassVar[str] = "a SendGrid hook"

    public_key: Text = Field(description="The verification key of the Signed Event Webhook")
    old_public_key: Text | None = Field(None, description=_OLD)


class SesSection(HookSection):
    """Amazon SES by SNS: what became of mails."""

    called: ClassVar[str] = "an SES hook"

    topics: list[Text] = Field(min_length=1, description="The ARNs of our own SNS topics: no other one counts")


class SigningSection(Section):
    """How a request is signed: an HMAC over what is `signed`, by the hook's secret."""

    called: ClassVar[str] = "a signature"

    header: Text = Field(description="The header that holds it")
    digest: Annotated[Digest, Word(Digest)] = Field(Digest.SHA256, description="The hash")
    encoding: Annotated[Encoding, Word(Encoding)] = Field(Encoding.HEX, description="How it is written")
    prefix: Text | None = Field(None, description="What stands before it: `sha256=`")
    signed: Text | None = Field(
        None, description="What is signed, `{body}` and `{timestamp}` standing for what came", json_schema_extra={"default": "{body}"},
    )
    timestamp_header: Text | None = Field(None, description="The header with the signed time, which may be 300 seconds off")


class MappedSection(Section):
    """One event that a request may bring: its type, and where in the body its fields stand. `body` and `headers` are what came."""

    called: ClassVar[str] = "a mapped event"

    type: Text = Field(description="The event's type, or `{{ … }}`; `contact.updated` changes the contact")
    where: Source | None = Field(None, description="Which requests bring it; default: all")
    each: Source | None = Field(None, description="A list in the body: one event for each `item` of it")
    id: Source | None = Field(None, description="What the source calls the event; default: the request itself")
    at: Source | None = Field(None, description="When it happened; default: now")
    contact: Source | None = Field(None, description="Whom it is about; without it, everybody")
    fields: dict[FieldName, Source] = Field(default_factory=dict, description="The event's fields, and where each stands")
    attributes: dict[FieldName, Source] = Field(
        default_factory=dict, description="Of `contact.updated`: the contact's attributes, and where each stands",
    )


class StandardWebhooksSection(SecretSection):
    """Whoever signs by Standard Webhooks."""

    called: ClassVar[str] = "a Standard Webhooks hook"

    events: list[MappedSection] = Field(default_factory=list, description="Its mapping; default: its `type`, `timestamp` and `data`")


class GenericSection(SecretSection):
    """Any other system that posts JSON. Its secret comes in `header`, by basic authentication or in the URL, unless it signs."""

    called: ClassVar[str] = "a generic hook"

    header: Text | None = Field(None, description="The header in which the secret itself comes")
    signature: SigningSection | None = Field(None, description="How its requests are signed")
    events: list[MappedSection] = Field(min_length=1, description="What its requests bring; each that holds")

    @model_validator(mode="after")
    def _by_one_means(self) -> Self:
        if self.header is not None and self.signature is not None:
            raise complaint("`header` has no effect where the request is signed", key="header")
        return self


class HooksSection(Section):
    """What may post to `/hooks/…`. Each key beside these is a generic hook of that name."""

    called: ClassVar[str] = "hooks"
    others: ClassVar[str] = "[a generic hook](#a-generic-hook) |  | A system of your own name for it: it posts to `/hooks/NAME`"
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, GenericSection] = Field(init=False)

    zendesk: ZendeskSection | None = Field(None, description="Zendesk")
    freshdesk: FreshdeskSection | None = Field(None, description="Freshdesk")
    hubspot: HubSpotSection | None = Field(None, description="HubSpot")
    salesforce: SalesforceSection | None = Field(None, description="Salesforce")
    twilio: TwilioSection | None = Field(None, description="Twilio")
    slack: SlackSection | None = Field(None, description="Slack")
    standard_webhooks: StandardWebhooksSection | None = Field(None, alias="standard-webhooks", description="Standard Webhooks")
    generic: GenericSection | None = Field(None, description="Any other system")
    ses: SesSection | None = Field(None, description="Amazon SES")
    sendgrid: SendGridSection | None = Field(None, description="SendGrid")
    mailgun: MailgunSection | None = Field(None, description="Mailgun")
    postmark: PostmarkSection | None = Field(None, description="Postmark")
    brevo: BrevoSection | None = Field(None, description="Brevo")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._keys:
            raise complaint("an empty map says nothing")
        return self
