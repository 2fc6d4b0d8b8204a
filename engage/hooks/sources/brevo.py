"""Brevo: transactional webhooks, one event each, or a list. It signs nothing: the secret goes along as a bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.feedback.bounces import Severity
from engage.hooks.found import NOTHING, Found, Report
from engage.hooks.mail import lowered, marks, reason
from engage.hooks.proof import Proven, by_secret
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, records, text
from engage.model.history import Kind
from engage.model.hooks import Hook

KINDS: Mapping[str, Kind] = {
    "delivered": Kind.DELIVERED, "hard_bounce": Kind.BOUNCED, "soft_bounce": Kind.BOUNCED, "invalid_email": Kind.BOUNCED,
    "blocked": Kind.BOUNCED, "error": Kind.BOUNCED, "spam": Kind.COMPLAINED, "complaint": Kind.COMPLAINED, "opened": Kind.OPENED,
    "unique_opened": Kind.OPENED, "uniqueopened": Kind.OPENED, "proxy_open": Kind.OPENED,
    "unique_proxy_open": Kind.OPENED, "click": Kind.CLICKED,
    "unsubscribed": Kind.UNSUBSCRIBED, "unsubscribe": Kind.UNSUBSCRIBED,
}

WORDS: Mapping[str, Severity] = {"hard_bounce": Severity.HARD, "invalid_email": Severity.HARD, "blocked": Severity.BLOCKED}
"""How bad a bounce is; the others are soft."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By the secret."""
    return by_secret(hook, request)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """Each event."""
    return sum((_event(each) for each in records(request.json())), NOTHING)


def _event(event: Mapping[str, Any]) -> Found:
    name = lowered(event, "event")
    kind = KINDS.get(name)
    if kind is None:
        return Found(ignored=(name or "untold",))
    why = reason(WORDS.get(name, Severity.SOFT), event.get("reason")) if kind is Kind.BOUNCED else None
    return Found(reports=(Report(
        kind=kind, at=_at(event), marks=marks(event.get("X-Mailin-custom"), event.get("message-id")), address=text(event.get("email")),
        reason=why, url=text(event.get("link")) if kind is Kind.CLICKED else None, machine=name in ("proxy_open", "unique_proxy_open"),
    ),))


def _at(event: Mapping[str, Any]) -> datetime | None:
    """`ts_epoch` alone is UTC whatever the account's time zone is; `ts_event` should be."""
    return moment(event.get("ts_epoch")) or moment(event.get("ts_event")) or moment(event.get("ts"))


SOURCE = Source(means="the secret as a bearer token", prove=prove, read=read)
