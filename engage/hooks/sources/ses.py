"""Amazon SES by SNS: notifications of what became of messages, in either of SES's two forms.

Signed: RSA with SHA-1 or SHA-256 over the message's fields, by a certificate that stands at an address of SNS; anybody at Amazon can have
a message of his own topic signed, so that it must be one of ours. What SNS asks to be confirmed is, of these topics.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from engage.feedback.bounces import Severity
from engage.hooks.found import NOTHING, Found, Report
from engage.hooks.mail import FIELD, HEADER, headers, lowered, marks, reason
from engage.hooks.proof import NotProven, Proven, decoded, proven, refuse_unless_now
from engage.hooks.request import HookRequest, malformed
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, record, records, text, words
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.model.hooks import Hook

_SNS = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE = re.compile(_SNS + r"/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem", re.ASCII)
CONFIRMATION = re.compile(_SNS + r"/\?[!-~]{1,2000}", re.ASCII)
"""Where SNS keeps what it signs with, and where it is told that a subscription is wanted: nothing else is ever fetched."""

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES = {"1": SHA1, "2": SHA256}

KINDS: Mapping[str, tuple[Kind, str]] = {
    "delivery": (Kind.DELIVERED, "delivery"), "bounce": (Kind.BOUNCED, "bounce"), "complaint": (Kind.COMPLAINED, "complaint"),
    "open": (Kind.OPENED, "open"), "click": (Kind.CLICKED, "click"), "reject": (Kind.BOUNCED, "reject"),
    "subscription": (Kind.UNSUBSCRIBED, "subscription"),
}
"""What happened, and the object in which it is told."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `Signature` in the body, and by the topic."""
    body = request.record()
    if text(body.get("TopicArn")) not in hook.topics:
        raise NotProven("the message is of another topic")
    names, url = _SIGNED.get(text(body.get("Type")) or ""), str(body.get("SigningCertURL"))
    algorithm, signature = _HASHES.get(text(body.get("SignatureVersion")) or ""), decoded(text(body.get("Signature")) or "")
    if names is None or algorithm is None or not signature or not CERTIFICATE.fullmatch(url):
        raise NotProven("the message is not signed as SNS signs")
    message = "".join(f"{name}\n{body[name]}\n" for name in names if isinstance(body.get(name), str)).encode()
    try:
        key = load_pem_x509_certificate(certificates(url)).public_key()
        if not isinstance(key, RSAPublicKey):
            raise NotProven("the certificate has no RSA key")
        key.verify(signature, message, PKCS1v15(), algorithm())  # version 1 of SNS is SHA-1; version 2 can be chosen
    except (InvalidSignature, ValueError) as error:
        raise NotProven("the signature is by another key") from error
    refuse_unless_now(moment(body.get("Timestamp")), now)
    return proven(message)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """The notification, or the wish for a subscription to be confirmed."""
    body = request.record()
    match text(body.get("Type")):
        case "SubscriptionConfirmation":
            url = str(body.get("SubscribeURL"))
            if not CONFIRMATION.fullmatch(url):
                raise malformed("the subscription would be confirmed elsewhere than at SNS")
            return Found(visit=url)
        case "Notification":
            return _notification(text(body.get("Message")) or "")
        case kind:
            return Found(ignored=(kind or "untold",))


def _notification(message: str) -> Found:
    try:
        told = record(HookRequest(url="", headers={}, body=message.encode()).json())
    except (InputError, UnicodeEncodeError):
        return Found(ignored=("a message in no JSON",))  # SES says hello in words when a topic is set
    name = lowered(told, "eventType") or lowered(told, "notificationType")
    if name not in KINDS:
        return Found(ignored=(name or "untold",))
    kind, within = KINDS[name]
    mail, about = record(told.get("mail")), record(told.get(within))
    if kind is Kind.UNSUBSCRIBED and not _ends(about):
        return Found(ignored=(name,))
    return sum((Found(reports=(each,)) for each in _reports(kind, name, mail, about)), NOTHING)


def _ends(about: Mapping[str, Any]) -> bool:
    """Whether a change of preferences leaves nothing subscribed."""
    preferences = record(about.get("newTopicPreferences"))
    return preferences.get("unsubscribeAll") is True


def _reports(kind: Kind, name: str, mail: Mapping[str, Any], about: Mapping[str, Any]) -> list[Report]:
    tags = words(record(mail.get("tags")).get(FIELD))
    named = marks(*headers(mail.get("headers"), HEADER, "message-id"), *tags, record(mail.get("commonHeaders")).get("messageId"))
    at = moment(about.get("timestamp")) or moment(mail.get("timestamp"))
    bounced = records(about.get("bouncedRecipients")) if name == "bounce" else []
    recipient = next((text(each.get("emailAddress")) for each in bounced), None) or next(iter(words(mail.get("destination"))), None)
    return [Report(
        kind=kind, at=at, marks=named, address=recipient, provider_id=text(mail.get("messageId")),
        reason=_reason(name, about, next(iter(bounced), {})), url=text(about.get("link")) if kind is Kind.CLICKED else None,
    )]


def _reason(name: str, about: Mapping[str, Any], recipient: Mapping[str, Any]) -> str | None:
    if name == "reject":
        return Severity.BLOCKED.value  # SES found a virus in it, and did not send it
    if name != "bounce":
        return None
    if lowered(about, "bounceSubType") == "mailboxfull":
        return Severity.FULL.value
    word = Severity.HARD if lowered(about, "bounceType") == "permanent" else Severity.SOFT
    return reason(word, recipient.get("status"), recipient.get("diagnosticCode"))


SOURCE = Source(means="RSA by SNS's certificate, and the topic", prove=prove, read=read)
