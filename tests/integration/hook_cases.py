"""One case for each key of `hooks`: what each hook answers to a request signed by its secret, and to one by the secret before."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec

from engage.delivery.buckets import LocalBuckets
from engage.delivery.identity import SignedIdentity
from engage.feedback import Feedback
from engage.feedback.texts import Texts
from engage.hooks import HookRequest, Hooks
from engage.hooks.ports import TooMany
from engage.hooks.proof import NotProven
from engage.model.contact import Event
from engage.model.errors import InputError
from engage.model.hooks import GENERIC
from engage.model.workspace import Files, Workspace
from engage.store.database import Database
from engage.store.feedback.hooks import SqlHookMemory
from engage.store.feedback.responses import SqlFeedback
from engage.store.feedback.texting import SqlTexts
from engage.store.schema.tables import contacts
from tests.engine import MONDAY
from tests.integration.setting_changes import SETTINGS, Key, settings
from tests.integration.watching import Case, Stand, World, accepted
from tests.unit.hooks.desk import (
    OLD_SECRET,
    PUBLIC_URL,
    SECRET,
    TOPIC,
    WEBHOOK_SECRET,
    Post,
    basic,
    bearer,
    hubspot,
    in_url,
    mailgun,
    payload,
    public_key,
    sendgrid,
    slack,
    sns,
    sns_certificate,
    standard,
    twilio,
    zendesk,
)
from workers.access import HookRates

Sender = Callable[..., Post]

SECTIONS: Mapping[str, str] = {
    "zendesk": "a Zendesk hook", "freshdesk": "a Freshdesk hook", "hubspot": "a HubSpot hook",
    "salesforce": "a Salesforce hook", "twilio": "a Twilio hook", "slack": "a Slack hook",
    "mailgun": "a Mailgun hook", "postmark": "a Postmark hook", "brevo": "a Brevo hook",
}

SENDERS: Mapping[str, tuple[Sender, str]] = {
    "zendesk": (zendesk, "zendesk_solved.json"), "freshdesk": (partial(basic, "freshdesk"), "freshdesk.json"),
    "hubspot": (hubspot, "hubspot.json"), "salesforce": (partial(in_url, "salesforce"), "salesforce_case.xml"),
    "twilio": (twilio, "twilio_status.txt"), "slack": (slack, "slack_message.json"), "mailgun": (mailgun, "mailgun_failed.json"),
    "postmark": (partial(basic, "postmark"), "postmark_bounce.json"), "brevo": (partial(bearer, "brevo"), "brevo_spam.json"),
}
HELP_DESKS = ("zendesk", "freshdesk", "hubspot")
NUMBERED = b'{"ticket": {"id": 7, "status": "closed", "previous_status": "open", "requester_id": 55}}'
ORDERS = {"orders": [{"id": 1, "who": "ana", "kind": "big"}, {"id": 2, "who": "bo"}], "who": "cy", "when": "2026-02-23T11:00:00Z"}
SIGNED = f"{int(MONDAY.timestamp())}."


def knocked(files: Files, world: World, stand: Stand) -> str:
    """What each hook makes of what is posted to it: the events that it brings, or that it refuses; and who is known afterwards."""
    workspace, database = accepted(files), stand.database()
    seen: list[str] = []
    hooks = _hooks(workspace, database, seen, world.start)
    for post in _posts(workspace):  # events stand before the outcome that they are part of
        seen += [f"{post.path}: {_outcome(hooks, post)}"]
    with database.begin() as connection:
        seen += map(str, connection.execute(sa.select(contacts.c.external_id, contacts.c.email, contacts.c.city).order_by(contacts.c.id)))
    database.close()
    return "\n".join(seen)


class _Elsewhere:
    """Where events go, what stands at SNS, and what time it is."""

    def __init__(self, seen: list[str], now: datetime) -> None:
        self._seen = seen
        self._now = now

    def now(self) -> datetime:
        return self._now

    def take(self, event: Event) -> bool:
        self._seen.append(f"{event.type} {event.id} {event.at} {event.contact_ref} {sorted(event.data.items())}")
        return True

    def told(self) -> None:
        """Nobody waits."""

    def get(self, url: str) -> bytes:
        return sns_certificate()


def _hooks(workspace: Workspace, database: Database, seen: list[str], start: datetime) -> Hooks:
    elsewhere = _Elsewhere(seen, start)
    return Hooks(
        workspace=lambda: workspace, clock=elsewhere, machine_now=elsewhere.now, intake=elsewhere, network=elsewhere,
        responses=Feedback(SqlFeedback(database, workspace=lambda: workspace), workspace=lambda: workspace),
        memory=SqlHookMemory(database, workspace=lambda: workspace),
        texts=Texts(SqlTexts(database, workspace=lambda: workspace), workspace=lambda: workspace),
        rates=HookRates(LocalBuckets(lambda: 0.0)), delivery_in=SignedIdentity(secret=b"s" * 32, domain="a.example").delivery_in,
    )


def _posts(workspace: Workspace) -> Iterator[Post]:
    """To each hook that is set up, by its secret and by the one before; of a generic one as `GENERIC` describes it, and otherwise."""
    for name, hook in workspace.settings.hooks.items():
        for secret in (SECRET, OLD_SECRET):
            if name in SENDERS:
                send, body = SENDERS[name]
                yield send(payload(body), secret=secret, at=MONDAY)
            elif name == "ses":
                yield sns(payload("ses_bounce.json"), at=MONDAY)
            elif name == "sendgrid":
                yield sendgrid(payload("sendgrid.json"), secret=secret, at=MONDAY)
                yield sendgrid(payload("sendgrid.json"), secret=SECRET, at=MONDAY)
            elif name == "standard-webhooks":
                yield standard(payload("standard.json"), at=MONDAY, secret=WEBHOOK_SECRET if secret == SECRET else secret)
            elif hook.source == GENERIC:
                yield from _to_generic(name, secret)
        if name in HELP_DESKS:
            yield SENDERS[name][0](NUMBERED, secret=SECRET, at=MONDAY)


def _to_generic(name: str, secret: str) -> Iterator[Post]:
    body = json.dumps(ORDERS).encode()
    made = hmac.digest(secret.encode(), SIGNED.encode() + body, "sha256")
    for given in (made.hex(), f"sha256={made.hex()}", b64encode(made).decode()):
        yield Post(f"/hooks/{name}", body, {"X-Sig": given, "X-Key": secret, "X-Time": SIGNED[:-1]})
    yield basic(name, body, secret=secret)


def _outcome(hooks: Hooks, post: Post) -> str:
    hook = hooks.find(post.path.split("?")[0].removeprefix("/hooks/"))
    assert hook is not None
    headers = {key.lower(): value for key, value in post.headers.items()}
    try:
        outcome = hooks.take(hook, HookRequest(url=f"{PUBLIC_URL}{post.path}", headers=headers, body=post.body))
    except (NotProven, TooMany, InputError) as error:
        return type(error).__name__
    return f"{outcome.events} events, {outcome.touches} touches, {outcome.replies} replies"


def hooked(line: str, one: str, other: str, *, refused: bool = False) -> Case:
    """A change of one hook."""
    return settings(one, other, text=f"{SETTINGS}hooks:\n  {line}\n", see=knocked, refused=refused)


def _secret_keys(called: str, name: str) -> Mapping[Key, Case]:
    """The keys of a source that knows a secret, and the one by which it is set up at all."""
    line = f"{name}: {{secret: {SECRET}, old_secret: {OLD_SECRET}}}"
    return {
        ("hooks", name): hooked(f"{line}\n  other: {GENERIC_HOOK}", f"  {line}\n", ""),
        (called, "secret"): hooked(line, f"secret: {SECRET}", "secret: another-secret"),
        (called, "old_secret"): hooked(line, f", old_secret: {OLD_SECRET}", ""),
        (called, "rate"): hooked(f"{line[:-1]}, rate: 1/h}}", "1/h", "9/s"),
    }


def entry(line: str, one: str, other: str) -> Case:
    """A change of one mapped event."""
    return hooked(f"shop: {{secret: {SECRET}, events: [{{{line}}}]}}", one, other)


def signing(line: str, one: str, other: str) -> Case:
    """A change of how a generic hook is signed."""
    return hooked(f"shop: {{secret: {SECRET}, signature: {{header: X-Sig{line}}}, events: [{{type: ticket.closed}}]}}", one, other)


GENERIC_HOOK = f"{{secret: {SECRET}, old_secret: {OLD_SECRET}, events: [{{type: ticket.closed}}]}}"
STANDARD = f"standard-webhooks: {{secret: {WEBHOOK_SECRET}, old_secret: {WEBHOOK_SECRET[:-4]}AAAA}}"
OTHER_KEY = "whsec_" + b64encode(b"x" * 24).decode()
TIMED = ', signed: "{timestamp}.{body}", timestamp_header: X-Time'
EACH = "type: ticket.closed, each: body.orders, contact: item.who"
TOLD = "type: contact.updated, attributes: {external_id: body.who, city: body.who}"

HOOK_KEYS: Mapping[Key, Case] = {
    ("engage.yaml", "hooks"): settings(
        f"hooks: {{generic: {GENERIC_HOOK}}}\n", "", text=f"{SETTINGS}hooks: {{generic: {GENERIC_HOOK}}}\n", see=knocked,
    ),
    **{key: case for name, called in SECTIONS.items() for key, case in _secret_keys(called, name).items()},
    **{
        (SECTIONS[name], "external_id"): hooked(f"{name}: {{secret: {SECRET}, external_id: 'x-{{id}}'}}", "x-{id}", "y-{id}")
        for name in ("zendesk", "freshdesk", "hubspot", "salesforce")
    },
    ("a Salesforce hook", "organization"): hooked(
        f"salesforce: {{secret: {SECRET}, organization: 00D300000000ABCEAY}}", "00D300000000ABCEAY", "00D300000000XYZEAY",
    ),
    ("hooks", "generic"): hooked(f"generic: {GENERIC_HOOK}\n  other: {GENERIC_HOOK}", f"generic: {GENERIC_HOOK}\n  other", "other"),
    ("hooks", "standard-webhooks"): hooked(f"{STANDARD}\n  other: {GENERIC_HOOK}", f"  {STANDARD}\n", ""),
    ("a Standard Webhooks hook", "secret"): hooked(STANDARD, f"secret: {WEBHOOK_SECRET},", f"secret: {WEBHOOK_SECRET[:-4]}BBBB,"),
    ("a Standard Webhooks hook", "old_secret"): hooked(STANDARD, f"{WEBHOOK_SECRET[:-4]}AAAA", OTHER_KEY),
    ("a Standard Webhooks hook", "events"): hooked(
        STANDARD.replace("}", ", events: [{type: ticket.closed}]}"), ", events: [{type: ticket.closed}]", "",
    ),
    ("hooks", "ses"): hooked(f"ses: {{topics: ['{TOPIC}']}}\n  other: {GENERIC_HOOK}", f"  ses: {{topics: ['{TOPIC}']}}\n", ""),
    ("an SES hook", "rate"): hooked(f"ses: {{topics: ['{TOPIC}'], rate: 1/h}}", "1/h", "9/s"),
    ("a Standard Webhooks hook", "rate"): hooked(
        f"standard-webhooks: {{secret: {WEBHOOK_SECRET}, old_secret: {OTHER_KEY}, rate: 1/h}}", "1/h", "9/s",
    ),
    ("a generic hook", "rate"): hooked(f"shop: {{rate: 1/h, {GENERIC_HOOK[1:]}", "1/h", "9/s"),
    ("an SES hook", "topics"): hooked(f"ses: {{topics: ['{TOPIC}']}}", ":mail'", ":other'"),
    ("hooks", "sendgrid"): hooked(
        f"sendgrid: {{public_key: {public_key()}}}\n  other: {GENERIC_HOOK}", f"  sendgrid: {{public_key: {public_key()}}}\n", "",
    ),
    ("a SendGrid hook", "rate"): hooked(f"sendgrid: {{public_key: {public_key()}, rate: 1/h}}", "1/h", "9/s"),
    ("a SendGrid hook", "public_key"): hooked(
        f"sendgrid: {{public_key: {public_key()}}}", public_key(), public_key(ec.generate_private_key(ec.SECP256R1())),
    ),
    ("a SendGrid hook", "old_public_key"): hooked(
        f"sendgrid: {{public_key: {public_key(ec.generate_private_key(ec.SECP256R1()))}, old_public_key: {public_key()}}}",
        f", old_public_key: {public_key()}", "",
    ),
    ("a generic hook", "secret"): hooked(f"shop: {GENERIC_HOOK}", f"secret: {SECRET}", "secret: another-secret"),
    ("a generic hook", "old_secret"): hooked(f"shop: {GENERIC_HOOK}", f", old_secret: {OLD_SECRET}", ""),
    ("a generic hook", "header"): hooked(
        f"shop: {{secret: {SECRET}, header: X-Key, events: [{{type: ticket.closed}}]}}", "X-Key", "X-Other",
    ),
    ("a generic hook", "signature"): hooked(
        f"shop: {{secret: {SECRET}, signature: {{header: X-Sig{TIMED}}}, events: [{{type: ticket.closed}}]}}",
        f" signature: {{header: X-Sig{TIMED}}},", "",
    ),
    ("a generic hook", "events"): hooked(f"shop: {GENERIC_HOOK}", "closed}]", "closed}, {type: ticket.reopened}]"),
    ("a signature", "header"): signing(TIMED, "X-Sig", "X-Other"),
    ("a signature", "digest"): signing(f"{TIMED}, digest: sha256", "sha256", "sha512"),
    ("a signature", "encoding"): signing(f"{TIMED}, encoding: hex", "encoding: hex", "encoding: base64"),
    ("a signature", "prefix"): signing(f"{TIMED}, prefix: 'sha256='", "sha256=", "v1="),
    ("a signature", "signed"): signing(TIMED, "{timestamp}.{body}", "{timestamp}{body}"),
    ("a signature", "timestamp_header"): signing(TIMED, "X-Time", "X-Other"),
    ("a mapped event", "type"): entry(EACH, "type: ticket.closed", "type: ticket.reopened"),
    ("a mapped event", "where"): entry(f"{EACH}, where: item.kind == 'big'", "'big'", "'small'"),
    ("a mapped event", "each"): entry(f"{EACH}, id: item.id", "body.orders", "body.others"),
    ("a mapped event", "id"): entry(f"{EACH}, id: item.id", ", id: item.id", ""),
    ("a mapped event", "at"): entry(f"{EACH}, at: body.when", ", at: body.when", ""),
    ("a mapped event", "contact"): entry(EACH, "item.who", "body.who"),
    ("a mapped event", "fields"): entry(f"{EACH}, fields: {{ticket_id: item.id}}", "item.id", "item.who"),
    ("a mapped event", "attributes"): entry(TOLD, "city: body.who", "city: body.when"),
}
