"""A site with a hook of every source, and what each source does to prove itself: payloads as the vendors document them, signed here."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from httpx2 import Response

from engage.model.contact import AttributeKind
from engage.model.hooks import Hook
from engage.store.schema.tables import touches
from tests.builders import NOON, some_settings
from tests.unit.web.site import Visitor

PAYLOADS = Path(__file__).parent / "payloads"
SECRET, OLD_SECRET = "a-secret-of-the-tests", "an-older-secret-of-the-tests"
WEBHOOK_SECRET = "whsec_" + b64encode(b"k" * 24).decode()
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn&Token=2336412f37"
PUBLIC_URL = "https://engage.example.com"


@dataclass(frozen=True)
class Post:
    """One request: a path with its query, headers, a body."""

    path: str
    body: bytes
    headers: Mapping[str, str]


@cache
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def sns_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def sns_certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(sns_key().public_key()).serial_number(1)
    made = made.not_valid_before(NOON - timedelta(days=1)).not_valid_after(NOON + timedelta(days=365))
    return made.sign(sns_key(), SHA256()).public_bytes(Encoding.PEM)


def public_key(key: ec.EllipticCurvePrivateKey | None = None) -> str:
    public = (key or elliptic_key()).public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def all_hooks(**more: Hook) -> Mapping[str, Hook]:
    """One of each source."""
    names = ("zendesk", "freshdesk", "hubspot", "salesforce", "twilio", "slack", "mailgun", "postmark", "brevo")
    hooks = {name: Hook(name=name, source=name, secrets=(SECRET, OLD_SECRET)) for name in names}
    hooks["salesforce"] = replace(hooks["salesforce"], organization="00D300000000ABC")
    hooks["standard-webhooks"] = Hook(name="standard-webhooks", source="standard-webhooks", secrets=(WEBHOOK_SECRET,))
    hooks["sendgrid"] = Hook(name="sendgrid", source="sendgrid", secrets=(public_key(),))
    hooks["ses"] = Hook(name="ses", source="ses", topics=frozenset({TOPIC}))
    return {**hooks, **more}


class Desk(Visitor):
    """A site with these hooks. Ana was sent a birthday wish by mail, whose mark providers give back."""

    def __init__(self, **more: Hook) -> None:
        settings = some_settings()
        events = {**settings.events, "order.placed": {"order_id": AttributeKind.TEXT, "total": AttributeKind.MONEY}}
        super().__init__(settings=replace(settings, events=events, hooks=all_hooks(**more)))
        self.network.pages[CERTIFICATE] = sns_certificate()

    def post(self, post: Post) -> Response:
        return self.client.post(post.path, content=post.body, headers=dict(post.headers))

    @property
    def mark(self) -> str:
        """The key of the delivery, as our mails carry it."""
        return self.identity.names(self.delivery)[1]

    def came_back(self) -> list[tuple[str, str | None]]:
        """What came back of messages: the kinds and reasons of the touches."""
        others = ("sent", "event", "consent_withdrawn")
        asked = sa.select(touches.c.kind, touches.c.reason).where(touches.c.kind.not_in(others)).order_by(touches.c.id)
        with self.database.read() as connection:
            return [(kind, reason) for kind, reason in connection.execute(asked)]


def payload(name: str, mark: str = "") -> bytes:
    """What the vendor documents, about our message where it is about one."""
    return (PAYLOADS / name).read_bytes().strip().replace(b"MARK", mark.encode())


def basic(source: str, body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    """Of a source that signs nothing."""
    given = b64encode(f"engage:{secret}".encode()).decode()
    return Post(f"/hooks/{source}", body, {"Authorization": f"Basic {given}", "Content-Type": "application/json"})


def bearer(source: str, body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    return Post(f"/hooks/{source}", body, {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"})


def in_url(source: str, body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    return Post(f"/hooks/{source}?secret={secret}", body, {"Content-Type": "text/xml"})


def zendesk(body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = b64encode(hmac.digest(secret.encode(), stamp.encode() + body, "sha256")).decode()
    headers = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    return Post("/hooks/zendesk", body, {**headers, "Content-Type": "application/json"})


def hubspot(body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    stamp = str(int(at.timestamp() * 1_000))
    message = b"POST" + f"{PUBLIC_URL}/hooks/hubspot".encode() + body + stamp.encode()
    signature = b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()
    return Post("/hooks/hubspot", body, {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp})


def slack(body: bytes, *, secret: str = SECRET, at: datetime = NOON, form: bool = False) -> Post:
    stamp = str(int(at.timestamp()))
    signature = hmac.digest(secret.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256").hex()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": stamp, "Content-Type": kind}
    return Post("/hooks/slack", body, headers)


def twilio(body: bytes, *, secret: str = SECRET, at: datetime = NOON, query: str = "") -> Post:
    fields = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    path = f"/hooks/twilio{query}"
    signature = b64encode(hmac.digest(secret.encode(), f"{PUBLIC_URL}{path}{fields}".encode(), "sha1")).decode()
    return Post(path, body, {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"})


def standard(body: bytes, *, secret: str = WEBHOOK_SECRET, at: datetime = NOON, id: str = "msg_1") -> Post:
    from_base64 = b"k" * 24 if secret == WEBHOOK_SECRET else b"x" * 24
    stamp = str(int(at.timestamp()))
    signature = b64encode(hmac.digest(from_base64, f"{id}.{stamp}.".encode() + body, "sha256")).decode()
    return Post("/hooks/standard-webhooks", body, {
        "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,AAAA v1,{signature}", "Content-Type": "application/json",
    })


def sendgrid(body: bytes, *, secret: str = SECRET, at: datetime = NOON) -> Post:
    key = elliptic_key() if secret == SECRET else ec.generate_private_key(ec.SECP256R1())
    stamp = str(int(at.timestamp()))
    signature = b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": stamp}
    return Post("/hooks/sendgrid", body, headers)


def mailgun(body: bytes, *, secret: str = SECRET, at: datetime = NOON, token: str = "c" * 50) -> Post:
    stamp = str(int(at.timestamp()))
    signature = hmac.digest(secret.encode(), f"{stamp}{token}".encode(), "sha256").hex()
    for name, value in (("STAMP", stamp), ("TOKEN", token), ("SIGNATURE", signature)):
        body = body.replace(name.encode(), value.encode())
    return Post("/hooks/mailgun", body, {"Content-Type": "application/json"})


def sns(message: bytes, *, secret: str = SECRET, at: datetime = NOON, version: str = "2", **changes: str) -> Post:
    """A notification with that message, signed as SNS signs."""
    body: dict[str, Any] = {
        "Type": "Notification", "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe", "TopicArn": TOPIC, "Message": message.decode(),
        "Timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version, "SigningCertURL": CERTIFICATE,
        **changes,
    }
    signed = ["Message", "MessageId", *(name for name in ("Subject", "SubscribeURL") if name in body), "Timestamp"]
    signed += [*(["Token"] if "Token" in body else []), "TopicArn", "Type"]
    text = "".join(f"{name}\n{body[name]}\n" for name in signed).encode()
    key = sns_key() if secret == SECRET else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = key.sign(text, padding.PKCS1v15(), SHA1() if version == "1" else SHA256())
    return Post("/hooks/ses", json.dumps({**body, "Signature": b64encode(signature).decode()}).encode(), {"Content-Type": "text/plain"})


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()
