"""Postmark: webhooks, one record each. It signs nothing: the secret goes along by basic authentication, or in a header of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.feedback.bounces import Severity
from engage.hooks.found import Found, Report
from engage.hooks.mail import FIELD, lowered, marks, reason
from engage.hooks.proof import Proven, by_secret
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, record, text
from engage.model.history import Kind
from engage.model.hooks import Hook

KINDS: Mapping[str, tuple[Kind, str]] = {
    "delivery": (Kind.DELIVERED, "DeliveredAt"), "bounce": (Kind.BOUNCED, "BouncedAt"), "spamcomplaint": (Kind.COMPLAINED, "BouncedAt"),
    "open": (Kind.OPENED, "ReceivedAt"), "click": (Kind.CLICKED, "ReceivedAt"), "subscriptionchange": (Kind.UNSUBSCRIBED, "ChangedAt"),
}
"""The kinds of record, and where each has its time."""

BOUNCES: Mapping[str, Severity | Kind | None] = {
    "hardbounce": Severity.HARD, "bademailaddress": Severity.HARD, "softbounce": Severity.SOFT, "dnserror": Severity.SOFT,
    "transient": None, "unsubscribe": Kind.UNSUBSCRIBED, "subscribe": None, "autoresponder": None, "addresschange": None,
    "openrelaytest": None, "challengeverification": None, "spamnotification": Severity.BLOCKED, "spamcomplaint": Kind.COMPLAINED,
    "manuallydeactivated": Severity.BLOCKED, "blocked": Severity.BLOCKED, "dmarcpolicy": Severity.BLOCKED,
}
"""What `Type` means; None: it did not bounce, or Postmark will try again. Others are soft."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By the secret."""
    return by_secret(hook, request)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """The record."""
    body = request.record()
    name = lowered(body, "RecordType")
    if name not in KINDS:
        return Found(ignored=(name or "untold",))
    told, at = KINDS[name]
    kind, why = _kind(told, body)
    if kind is None:
        return Found(ignored=(f"{name} {lowered(body, 'Type') or lowered(body, 'SuppressionReason')}",))
    return Found(reports=(Report(
        kind=kind, at=moment(body.get(at)), marks=marks(record(body.get("Metadata")).get(FIELD), body.get("MessageID")),
        address=text(body.get("Recipient")) or text(body.get("Email")), provider_id=text(body.get("MessageID")), reason=why,
        url=text(body.get("OriginalLink")) if kind is Kind.CLICKED else None,
    ),))


def _kind(told: Kind, body: Mapping[str, Any]) -> tuple[Kind | None, str | None]:
    if told is Kind.UNSUBSCRIBED:  # what Postmark deactivates after bounces and complaints it tells by these
        own = body.get("SuppressSending") is True and lowered(body, "Origin") == "recipient"
        return (told if own and lowered(body, "SuppressionReason") == "manualsuppression" else None), None
    if told is not Kind.BOUNCED:
        return told, None
    known = BOUNCES.get(lowered(body, "Type"), Severity.SOFT)
    if not isinstance(known, Severity):
        return known, None
    return Kind.BOUNCED, reason(known, body.get("Details"))


SOURCE = Source(means="the secret by basic authentication", prove=prove, read=read)
