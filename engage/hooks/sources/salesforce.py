"""Salesforce: outbound messages (SOAP) of flows and workflow rules, up to 100 notifications each, about cases, contacts and leads.

It signs nothing: the secret goes along in the URL, and the message names the organization, which must be ours. What is not answered
with its own acknowledgement comes again for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engage.hooks.found import NOTHING, TICKET_CLOSED, TICKET_CREATED, TICKET_REOPENED, Answer, Found, Person
from engage.hooks.proof import NotProven, Proven, by_secret, same
from engage.hooks.request import HookRequest, malformed
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.tickets import DONE, Ticket, channel, lower, told
from engage.hooks.values import first, moment, text
from engage.hooks.xml import Element, parse
from engage.model.hooks import Hook

ACK = Answer(media_type="text/xml; charset=utf-8", body=(
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
))

PEOPLE = frozenset({"Contact", "Lead"})
FIELDS: Mapping[str, tuple[str, ...]] = {
    "email": ("Email",), "first_name": ("FirstName",), "last_name": ("LastName",), "phone": ("MobilePhone", "Phone"),
    "city": ("MailingCity", "City"), "country": ("MailingCountryCode", "CountryCode"), "birth_date": ("Birthdate",),
}
"""Our attributes, and where they stand in a contact or a lead; a field of your own (`Plan__c`) goes by its name (`plan`)."""

_ID = 15  # characters; an 18th-character form only adds a check


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By the secret, and by the organization."""
    found = by_secret(hook, request)
    told = _notifications(request).texts().get("OrganizationId", "")
    if hook.organization is not None and not same(told[:_ID], hook.organization[:_ID]):
        raise NotProven("the message is of another organization")
    return found


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """Each notification, and the acknowledgement that Salesforce waits for."""
    found = Found(answer=ACK)
    for notification in _notifications(request).all("Notification"):
        id_ = notification.texts().get("Id")
        found += sum((_object(each, id_, hook) for each in notification.all("sObject")), NOTHING)
    return found


def _notifications(request: HookRequest) -> Element:
    """The element `notifications` within the envelope's body. Raises InputError."""
    envelope = parse(request.body)
    bodies = [each for body in envelope.all("Body") for each in body.all("notifications")]
    if envelope.name != "Envelope" or not bodies:
        raise malformed("the body is no outbound message")
    return bodies[0]


def _object(element: Element, id_: str | None, hook: Hook) -> Found:
    fields = element.texts()
    if element.type == "Case":
        return _case(fields, id_, hook)
    return _person(fields, id_, hook) if element.type in PEOPLE else Found(ignored=(element.type or "an object without a type",))


def _case(fields: Mapping[str, str], id_: str | None, hook: Hook) -> Found:
    number = first([fields], "CaseNumber", "Id")
    requester = first([fields], "ContactEmail", "SuppliedEmail")
    known_as = text(fields.get("ContactId"))
    contact = requester or (hook.contact_of(known_as) if known_as else first([fields], "ContactMobile", "ContactPhone", "SuppliedPhone"))
    if number is None or contact is None:
        return Found(ignored=("a case without its number or its contact",))
    ticket = Ticket(
        number=number, contact=contact, channel=channel(fields.get("Origin") or None), priority=lower(text(fields.get("Priority"))),
    )
    at = moment(first([fields], "LastModifiedDate", "SystemModstamp", "ClosedDate"))
    return Found(told=(told(ticket, _what_happened(fields), id=id_, at=at, more=fields),))


def _what_happened(fields: Mapping[str, str]) -> str:
    status = lower(text(fields.get("Status")))
    if lower(fields.get("IsClosed")) == "true" or status in DONE:
        return TICKET_CLOSED
    return TICKET_CREATED if status == "new" else TICKET_REOPENED


def _person(fields: Mapping[str, str], id_: str | None, hook: Hook) -> Found:
    number = text(fields.get("Id"))
    if number is None:
        return Found(ignored=("a person without an Id",))
    own = {name.removesuffix("__c").lower(): value or None for name, value in fields.items() if name.endswith("__c")}
    known: dict[str, object] = {
        ours: first([fields], *theirs) for ours, theirs in FIELDS.items() if any(name in fields for name in theirs)
    }
    attributes = {"external_id": hook.contact_of(number), **own, **known}
    at = moment(first([fields], "LastModifiedDate", "SystemModstamp"))
    return Found(people=(Person(subject=number, attributes=attributes, id=id_, at=at),))


SOURCE = Source(means="the secret in the URL, and the organization", prove=prove, read=read)
