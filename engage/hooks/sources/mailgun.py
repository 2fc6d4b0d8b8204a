"""Mailgun: webhooks, one event each.

Signed: HMAC-SHA256 over a time and a token, by the HTTP webhook signing key. The event itself is not under the signature, so that TLS
alone keeps it from being changed on its way; a token counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.feedback.bounces import Severity
from engage.hooks.found import Found, Report
from engage.hooks.mail import FIELD, lowered, marks, reason
from engage.hooks.proof import NotProven, Proven, proven, refuse_unless_now, refuse_unless_signed
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, record, text
from engage.model.history import Kind
from engage.model.hooks import Hook

KINDS: Mapping[str, Kind] = {
    "delivered": Kind.DELIVERED, "opened": Kind.OPENED, "clicked": Kind.CLICKED, "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED, "failed": Kind.BOUNCED, "rejected": Kind.BOUNCED,
}

NOT_TRIED: Mapping[str, Severity | Kind] = {
    "suppress-bounce": Severity.HARD, "suppress-unsubscribe": Kind.UNSUBSCRIBED, "suppress-complaint": Kind.COMPLAINED,
    "old": Severity.SOFT, "espblock": Severity.BLOCKED,
}
"""What `reason` may say of a failure that is no bounce: Mailgun keeps a list of its own, or gave up after its time."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `signature` in the body."""
    signature = record(request.record().get("signature"))
    stamp, token = text(signature.get("timestamp")) or "", text(signature.get("token")) or ""
    if not token:
        raise NotProven("the body has no token")
    given = text(signature.get("signature")) or ""
    refuse_unless_signed([given], f"{stamp}{token}".encode(), hook.secrets, hexadecimal=True)
    refuse_unless_now(moment(stamp), now)
    return proven(token.encode())


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """The event."""
    event = record(request.record().get("event-data"))
    name = lowered(event, "event")
    kind, why = KINDS.get(name), None
    if name == "failed":
        kind, why = _failure(event)
    elif name == "rejected":
        why = Severity.BLOCKED.value
    if kind is None:
        return Found(ignored=(name or "untold",))
    named = record(record(event.get("message")).get("headers")).get("message-id")
    bot = text(record(event.get("client-info")).get("bot"))
    return Found(reports=(Report(
        kind=kind, at=moment(event.get("timestamp")), marks=marks(record(event.get("user-variables")).get(FIELD), named),
        address=text(event.get("recipient")), reason=why, url=text(event.get("url")) if kind is Kind.CLICKED else None,
        machine=bool(bot) and kind in (Kind.OPENED, Kind.CLICKED),
    ),))


def _failure(event: Mapping[str, Any]) -> tuple[Kind | None, str | None]:
    """What a failure comes to; nothing, where Mailgun will try again."""
    if lowered(event, "severity") == "temporary":
        return None, None
    known = NOT_TRIED.get(lowered(event, "reason"), Severity.HARD)
    if isinstance(known, Kind):
        return known, None
    status = record(event.get("delivery-status"))
    return Kind.BOUNCED, reason(known, status.get("enhanced-code"), status.get("message"), status.get("description"))


SOURCE = Source(means="HMAC-SHA256 over time and token", prove=prove, read=read)
