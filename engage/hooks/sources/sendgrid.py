"""SendGrid: the Event Webhook, a list of what became of messages.

Signed: ECDSA (P-256, SHA-256) over the time and the body, by a key whose public half stands in the settings ("Signed Event Webhook").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from engage.feedback.bounces import Severity
from engage.hooks.found import NOTHING, Found, Report
from engage.hooks.mail import FIELD, lowered, marks, reason
from engage.hooks.proof import NotProven, Proven, decoded, proven, refuse_unless_now, unix
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, records, text
from engage.model.history import Kind
from engage.model.hooks import Hook

KINDS: Mapping[str, Kind] = {
    "delivered": Kind.DELIVERED, "bounce": Kind.BOUNCED, "dropped": Kind.BOUNCED, "spamreport": Kind.COMPLAINED, "open": Kind.OPENED,
    "click": Kind.CLICKED, "unsubscribe": Kind.UNSUBSCRIBED, "group_unsubscribe": Kind.UNSUBSCRIBED,
}

DROPPED: Mapping[str, Severity | Kind] = {
    "bounced address": Severity.HARD, "invalid": Severity.HARD, "unsubscribed address": Kind.UNSUBSCRIBED,
    "spam reporting address": Kind.COMPLAINED,
}
"""Why SendGrid did not even try: it keeps a list of its own. Whatever else it says, it is about us or the mail."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `X-Twilio-Email-Event-Webhook-Signature`."""
    stamp = request.header("x-twilio-email-event-webhook-timestamp")
    signature = decoded(request.header("x-twilio-email-event-webhook-signature"))
    message = stamp.encode() + request.body
    if not signature or not any(_is_signed(key, signature, message) for key in hook.secrets):
        raise NotProven("the signature is missing, or by another key")
    refuse_unless_now(unix(stamp), now)
    return proven(message)


def public_key(written: str) -> EllipticCurvePublicKey:
    """The verification key as SendGrid shows it. Raises ValueError for what is none."""
    try:
        key = load_der_public_key(decoded("".join(written.split())) or b"")
    except UnsupportedAlgorithm as error:
        raise ValueError("is no key of a kind that is known") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("is no key of an elliptic curve")
    return key


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """Each event of the list."""
    return sum((_event(each) for each in records(request.json())), NOTHING)


def _event(event: Mapping[str, Any]) -> Found:
    name = lowered(event, "event")
    kind, why = KINDS.get(name), None
    if name == "bounce":
        word = Severity.BLOCKED if lowered(event, "type") == "blocked" else Severity.HARD
        why = reason(word, event.get("status"), event.get("reason"))
    elif name == "dropped":
        known = DROPPED.get(lowered(event, "reason"), Severity.BLOCKED)
        kind, why = (known, None) if isinstance(known, Kind) else (Kind.BOUNCED, known.value)
    if kind is None:
        return Found(ignored=(name or "untold",))
    return Found(reports=(Report(
        kind=kind, at=moment(event.get("timestamp")), marks=marks(event.get(FIELD), event.get("smtp-id")), address=text(event.get("email")),
        provider_id=(text(event.get("sg_message_id")) or "").partition(".")[0] or None, reason=why,
        url=text(event.get("url")) if kind is Kind.CLICKED else None, machine=event.get("sg_machine_open") is True,
    ),))


def _is_signed(key: str, signature: bytes, message: bytes) -> bool:
    try:
        public_key(key).verify(signature, message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


SOURCE = Source(means="ECDSA over time and body", prove=prove, read=read)
