"""Freshdesk: the action "Trigger webhook" of an automation rule, with the fields it offers, or a body of somebody's own.

It signs nothing: the secret goes along by basic authentication or in a header of its own. Its Resolved, and its Closed where it was not
resolved before, are our `ticket.closed`.
"""

from __future__ import annotations

import re
from datetime import datetime

from engage.hooks.found import TICKET_CREATED, Found
from engage.hooks.proof import Proven, by_secret
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.tickets import OURS, from_template
from engage.hooks.values import first, record, text
from engage.model.hooks import Hook

STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed"}
"""The numbers of the statuses that every account has."""

_CHANGE = re.compile(
    r"\bstatus\"?\s*:\s*\{\s*\"?from\"?\s*:\s*\"?([^,}\"]+?)\"?\s*,\s*\"?to\"?\s*:\s*\"?([^,}\"]+?)\"?\s*\}", re.IGNORECASE
)
_CREATED = re.compile(r"ticket_action\"?\s*:\s*\"?created\b", re.IGNORECASE)


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By the secret."""
    return by_secret(hook, request)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """The ticket, whose fields stand in `freshdesk_webhook` unless somebody wrote the body."""
    body = request.record()
    fields = dict(record(body.get("freshdesk_webhook")) or body)
    status = first([fields, record(fields.get("ticket"))], "ticket_status", "status")
    triggered = text(fields.get("triggered_event")) or ""
    change = _CHANGE.search(triggered)
    if _CREATED.search(triggered):
        fields.setdefault("type", TICKET_CREATED)
    elif triggered and change is None and text(fields.get("type")) not in OURS:
        return Found(ignored=("an event that changes no status",))
    status = status or (change[2] if change else None)
    if status is not None:
        fields["status"] = STATUSES.get(status, status)
    return from_template(fields, hook, before=STATUSES.get(change[1], change[1]) if change else None)


SOURCE = Source(means="the secret by basic authentication", prove=prove, read=read)
