"""What help desks have in common: a ticket's status turns into `ticket.closed` or `ticket.reopened`, whatever they call it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from engage.hooks.found import TICKET_CLOSED, TICKET_CREATED, TICKET_REOPENED, Found, Told
from engage.hooks.values import first, moment, record, text, words
from engage.model.hooks import Hook

OURS = frozenset({TICKET_CREATED, TICKET_CLOSED, TICKET_REOPENED})

DONE = frozenset({"solved", "resolved", "closed"})
"""The words for a ticket that needs nothing more of anybody; the first of them that it comes to is its closure."""

BEGUN_AGAIN = frozenset({"open", "reopened"})
"""Told without what it was before, this is a ticket that was closed: who posts it posts a change of status."""

CHANNELS: Mapping[str, str] = {
    "voice": "phone", "phone call": "phone", "phone call (incoming)": "phone", "phone call (outgoing)": "phone", "mail": "email",
    "web form": "web", "web service": "web", "web service (api)": "web", "portal": "web", "feedback widget": "web", "1": "email",
    "2": "web", "3": "phone", "7": "chat", "9": "web", "10": "email",
}

_IDS = ("ticket_id", "id")
_STATUS = ("status", "ticket_status")
_BEFORE = ("previous_status", "ticket_previous_status", "old_status")
_EXTERNAL = ("requester_external_id", "ticket_contact_unique_external_id", "contact_external_id", "unique_external_id")
_EMAIL = ("requester_email", "ticket_contact_email", "ticket_requester_email", "contact_email", "customer_email", "user_email", "email")
_PHONE = ("requester_phone", "ticket_contact_phone", "ticket_requester_phone", "contact_phone", "phone", "mobile")
_CHANNEL = ("channel", "via", "ticket_source", "ticket_via", "source")
_TIME = ("updated_at", "ticket_updated_at", "at", "time", "timestamp", "closed_at", "ticket_closed_at")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as a help desk tells of it. `contact` is its requester: an external id, else an email address, else a phone number."""

    number: str
    contact: str
    status: str | None = None
    before: str | None = None
    channel: str | None = None
    tags: tuple[str, ...] = ()
    priority: str | None = None


def turn(status: str | None, before: str | None) -> str | None:
    """What a change of status means; None for nothing. `before` None: it was not told."""
    now, then = (status or "").casefold(), None if before is None else before.casefold()
    if now in DONE:
        return None if then in DONE else TICKET_CLOSED
    if then in DONE or (then is None and now in BEGUN_AGAIN):
        return TICKET_REOPENED
    return TICKET_CREATED if now == "new" and then is None else None


def told(ticket: Ticket, type_: str, *, id: str | None, at: datetime | None, more: Mapping[str, object] | None = None) -> Told:
    """That something happened to the ticket."""
    data: dict[str, object] = {"ticket_id": ticket.number, "tags": list(ticket.tags)}
    data |= {name: value for name, value in (("channel", ticket.channel), ("priority", ticket.priority)) if value is not None}
    return Told(type=type_, contact=ticket.contact, id=id, at=at, data=data, more=more or {})


def from_template(body: Mapping[str, Any], hook: Hook, *, before: str | None = None) -> Found:
    """What a body says that people wrote themselves, of the help desk's placeholders, under the names that suggest themselves.

    `type` may say what happened; else the status does. Of a ticket whose requester is not told nothing is taken: an event without
    a contact would be about everybody.
    """
    inner = record(body.get("ticket"))
    people = [record(body.get("requester")), record(inner.get("requester")), record(body.get("contact"))]
    fields = [body, inner]
    number = first(fields, *_IDS)
    status, then = first(fields, *_STATUS), before or first(fields, *_BEFORE)
    type_ = first([body], "type", "event")
    type_ = type_ if type_ in OURS else turn(status, then)
    requester = first([*fields, *people], *_EXTERNAL) or first(people, "external_id") or first([*fields, *people], *_EMAIL)
    requester = requester or first([*fields, *people], *_PHONE)
    known_as = first(fields, "requester_id") or first(people, "id")
    contact = requester or (hook.contact_of(known_as) if known_as else None)
    if type_ is None or number is None or contact is None:
        return Found(ignored=(_what_is_missing(type_, number, status),))
    ticket = Ticket(
        number=number, contact=contact, status=status, before=then, channel=channel(_via(fields)), tags=_tags(fields),
        priority=lower(first(fields, "priority", "ticket_priority")),
    )
    at = moment(next((found for name in _TIME if (found := first(fields, name))), None))
    id_ = first([body], "event_id") or (None if at is None else f"{type_}:{number}:{at.isoformat()}")
    return Found(told=(told(ticket, type_, id=id_, at=at, more={**inner, **body}),))


def channel(name: str | None) -> str | None:
    """By which way a ticket came, in our words."""
    plain = lower(name)
    return None if plain is None else CHANNELS.get(plain, plain)


def lower(name: str | None) -> str | None:
    """The word as we write it."""
    return None if name is None else name.casefold()


def _via(fields: list[Mapping[str, Any]]) -> str | None:
    nested = [record(each.get("via")) for each in fields]
    return first(fields, *_CHANNEL) or first(nested, "channel")


def _tags(fields: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(next((found for each in fields for name in ("tags", "ticket_tags") if (found := words(each.get(name)))), []))


def _what_is_missing(type_: str | None, number: str | None, status: str | None) -> str:
    if type_ is None:
        return f"status {text(status) or 'untold'}"
    return "a ticket without its number" if number is None else "a ticket without its requester"


