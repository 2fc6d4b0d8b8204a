"""Zendesk: webhooks of triggers and automations, whose body people write, and of event subscriptions.

Signed: HMAC-SHA256 over the time and the body, by the webhook's signing secret. Its Solved is our `ticket.closed`; the Closed that
Zendesk makes of it days later is not another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.hooks.found import TICKET_CLOSED, TICKET_CREATED, Found, Person
from engage.hooks.proof import Proven, proven, refuse_unless_now, refuse_unless_signed
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.tickets import Ticket, channel, from_template, lower, told, turn
from engage.hooks.values import first, moment, record, text, words
from engage.model.hooks import Hook

EVENT = "zen:event-type:"
_USER = {"email": "email", "phone": "phone", "external_id": "external_id"}


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `X-Zendesk-Webhook-Signature`."""
    stamp = request.header("x-zendesk-webhook-signature-timestamp")
    signature = request.header("x-zendesk-webhook-signature")
    refuse_unless_signed([signature], stamp.encode() + request.body, hook.secrets)
    refuse_unless_now(moment(stamp), now)
    return proven(stamp.encode(), request.body)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """An event of a subscription, else a body of somebody's own."""
    body = request.record()
    kind = text(body.get("type")) or ""
    if not kind.startswith(EVENT):
        return _without_the_later_closed(from_template(body, hook), body)
    what = kind.removeprefix(EVENT)
    if what.startswith("ticket."):
        return _ticket(body, what, hook)
    return _user(body, hook) if what.startswith("user.") and what != "user.deleted" else Found(ignored=(what,))


def _without_the_later_closed(found: Found, body: Mapping[str, Any]) -> Found:
    """Told as the status Closed alone it is what Solved has become by itself: the closure was told then."""
    fields = [body, record(body.get("ticket"))]
    untold = text(body.get("type")) != TICKET_CLOSED and first(fields, "previous_status") is None
    if untold and lower(first(fields, "status", "ticket_status")) == "closed":
        return Found(ignored=("status closed",))
    return found


def _ticket(body: Mapping[str, Any], what: str, hook: Hook) -> Found:
    detail, event = record(body.get("detail")), record(body.get("event"))
    match what:
        case "ticket.created":
            type_: str | None = TICKET_CREATED
        case "ticket.status_changed":
            type_ = turn(text(event.get("current")), text(event.get("previous")) or "")
        case _:
            type_ = None
    number, requester = text(detail.get("id")), text(detail.get("requester_id"))
    if type_ is None or number is None or requester is None:
        return Found(ignored=(what,))
    ticket = Ticket(
        number=number, contact=hook.contact_of(requester), channel=channel(text(record(detail.get("via")).get("channel"))),
        tags=tuple(words(detail.get("tags"))), priority=lower(text(detail.get("priority"))),
    )
    return Found(told=(told(ticket, type_, id=text(body.get("id")), at=moment(body.get("time")), more=detail),))


def _user(body: Mapping[str, Any], hook: Hook) -> Found:
    """A customer's data; those of agents are none of ours."""
    detail = record(body.get("detail"))
    number = text(detail.get("id"))
    if number is None or lower(text(detail.get("role"))) not in (None, "end-user"):
        return Found(ignored=("a user who is no customer",))
    attributes: dict[str, object] = {ours: found for theirs, ours in _USER.items() if (found := text(detail.get(theirs)))}
    attributes.setdefault("external_id", hook.contact_of(number))
    return Found(people=(Person(
        subject=number, attributes=attributes, id=text(body.get("id")), at=moment(detail.get("updated_at")) or moment(body.get("time")),
    ),))


SOURCE = Source(means="HMAC-SHA256 over time and body", prove=prove, read=read)
