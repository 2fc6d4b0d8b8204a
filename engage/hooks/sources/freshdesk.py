"""Freshdesk: the action "Trigger webhook" of an automation rule, with the fields it offers, or a body of somebody's own.

It signs nothing: the secret goes along by basic authentication or in a header of its own. Its Resolved, and its Closed where it was not
resolved before, are our `ticket.closed`.
"""

from __future__ import annotations

import re
from datetime import datetime

from engage.hooks.found import Found
from engage.hooks.proof import Proven, by_secret
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.tickets import from_template
from engage.hooks.values import record, text
from engage.model.hooks import Hook

STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed"}
"""The numbers of the statuses that every account has."""

_CHANGE = re.compile(r"status\s*:\s*\{\s*from\s*:\s*\"?(\w+)\"?\s*,\s*to\s*:\s*\"?(\w+)\"?")


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By the secret."""
    return by_secret(hook, request)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """The ticket, whose fields stand in `freshdesk_webhook` unless somebody wrote the body."""
    body = request.record()
    fields = dict(record(body.get("freshdesk_webhook")) or body)
    status = text(fields.get("ticket_status") or fields.get("status")) or ""
    change = _CHANGE.search(text(fields.get("triggered_event")) or "")
    before = STATUSES.get(change[1], change[1]) if change else None
    if change and not status:
        status = change[2]
    if status:
        fields["status"] = STATUSES.get(status, status)
    return from_template(fields, hook, before=before)


SOURCE = Source(means="the secret by basic authentication", prove=prove, read=read)
