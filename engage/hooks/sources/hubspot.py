"""HubSpot: an app's webhook subscriptions (changes of contacts), and webhooks of workflows, whose body people write (tickets).

Signed: HMAC-SHA256 over method, URI, body and time, by the app's client secret (v3); workflows may send the older v2, which has no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from engage.hooks.found import NOTHING, Found, Person
from engage.hooks.proof import NotProven, Proven, proven, refuse_unless_now, refuse_unless_signed, same, unix
from engage.hooks.request import HookRequest
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.tickets import from_template
from engage.hooks.values import moment, records, text
from engage.model.hooks import Hook
from engage.model.localtime import zone_names

PROPERTIES: Mapping[str, str] = {
    "firstname": "first_name", "lastname": "last_name", "mobilephone": "phone", "hs_language": "locale", "hs_timezone": "timezone",
    "date_of_birth": "birth_date",
}
"""HubSpot's own properties that we call otherwise; each other one goes by its name, where we have an attribute of that name."""

ZONE = "hs_timezone"

OBJECTS = {"0-1": "contact", "0-5": "ticket"}
"""The newer subscriptions name an object's type by its number."""

_WRITTEN_OUT = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",",
    "%3B": ";",
}
"""What the signature has decoded in the URI."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `X-HubSpot-Signature-v3`; by v2 only where there is no v3."""
    signature, stamp = request.header("x-hubspot-signature-v3"), request.header("x-hubspot-request-timestamp")
    if not signature and request.header("x-hubspot-signature-version").lower() == "v2":
        return _by_v2(hook, request)
    message = request.method.encode() + _uri(request).encode() + request.body + stamp.encode()
    refuse_unless_signed([signature], message, hook.secrets)
    refuse_unless_now(unix(stamp, per_second=1_000), now)
    return proven(message)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """A list of changes, else a workflow's body."""
    body = request.json()
    if isinstance(body, dict) and "subscriptionType" not in body:
        return from_template(body, hook)
    found = sum((_change(each) for each in records(body)), NOTHING)
    return Found(people=tuple(_people(records(body), hook)), ignored=found.ignored)


def _by_v2(hook: Hook, request: HookRequest) -> Proven:
    given, message = request.header("x-hubspot-signature"), request.method.encode() + request.url.encode() + request.body
    if not any(same(given, sha256(secret.encode() + message).hexdigest()) for secret in hook.secrets):
        raise NotProven("the signature (v2) is missing, or by another secret")
    return proven(message)


def _uri(request: HookRequest) -> str:
    uri = request.url
    for encoded, plain in _WRITTEN_OUT.items():
        uri = uri.replace(encoded, plain).replace(encoded.lower(), plain)
    return uri


def _kind(change: Mapping[str, Any]) -> str:
    kind = text(change.get("subscriptionType")) or "untold"
    return kind.replace("object.", f"{OBJECTS.get(text(change.get('objectTypeId')) or '', 'object')}.", 1)


def _change(change: Mapping[str, Any]) -> Found:
    """Nothing, but what is told of a contact; of a ticket these do not say whose it is."""
    return NOTHING if _attributes(change) is not None else Found(ignored=(_kind(change),))


def _zone(written: str) -> str:
    """`america_slash_port_hyphen_of_hyphen_spain` as `America/Port-of-Spain`: so HubSpot names its choices."""
    if "_slash_" not in written:
        return written
    plain = written.replace("_slash_", "/").replace("_hyphen_", "-")
    by_lower = {name.lower(): name for name in zone_names()}
    return by_lower.get(plain, plain)


def _people(changes: list[Mapping[str, Any]], hook: Hook) -> Iterator[Person]:
    for change in changes:
        number, attributes = text(change.get("objectId")), _attributes(change)
        if number is not None and attributes is not None:
            at = moment(change.get("occurredAt"))
            yield Person(
                subject=number, attributes={"external_id": hook.contact_of(number), **attributes}, id=text(change.get("eventId")), at=at,
            )


def _attributes(change: Mapping[str, Any]) -> Mapping[str, object] | None:
    name = text(change.get("propertyName"))
    match _kind(change):
        case "contact.creation":
            return {}
        case "contact.propertyChange" if name is not None:
            value = text(change.get("propertyValue"))
            return {PROPERTIES.get(name, name): _zone(value) if name == ZONE and value is not None else value}
        case _:
            return None


SOURCE = Source(means="HMAC-SHA256 over method, URL, body and time", prove=prove, read=read)
