"""Standard Webhooks (standardwebhooks.com): whoever signs as the specification says. HMAC-SHA256 over id, time and body.

The body is `{"type", "timestamp", "data"}`; who it is about stands in `data`, or where the hook's own mapping says.
"""

from __future__ import annotations

from datetime import datetime

from engage.hooks import mapping
from engage.hooks.found import Found, Told
from engage.hooks.proof import NotProven, Proven, decoded, proven, refuse_unless_now, refuse_unless_signed, unix
from engage.hooks.request import HookRequest, malformed
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import first, moment, record, text
from engage.model.hooks import Hook

WHO = ("contact", "contact_id", "external_id", "customer_id", "user_id", "email", "phone")
"""Where a contact is looked for, in `data` and beside it."""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `webhook-signature`, which may hold several, one by each secret that counts."""
    id_, stamp = request.header("webhook-id"), request.header("webhook-timestamp")
    given = [word.partition(",")[2] for word in request.header("webhook-signature").split() if word.startswith("v1,")]
    keys = [key for secret in hook.secrets if (key := decoded(secret.removeprefix("whsec_"))) is not None]
    refuse_unless_signed(given, b".".join((id_.encode(), stamp.encode(), request.body)), keys)
    refuse_unless_now(unix(stamp), now)
    if not id_:
        raise NotProven("the request has no id")
    return proven(id_.encode())  # a later try has the same id, and another time


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """What the hook's mapping says; without one, the event that the body is."""
    if hook.events:
        return mapping.read(hook, request, now)
    body = request.record()
    type_, data = text(body.get("type")), record(body.get("data"))
    contact = first([body, data], *WHO) or first([record(data.get("contact")), record(data.get("customer"))], "external_id", "id", "email")
    if type_ is None:
        raise malformed("the body has no `type`")
    if contact is None:
        raise malformed(f"nothing tells whom this is about: one of {', '.join(WHO)} in `data`, or `events` of the hook in engage.yaml")
    at = moment(body.get("timestamp"))
    told = {name: value for name, value in data.items() if name not in WHO}
    return Found(told=(Told(type=type_, contact=contact, id=request.header("webhook-id"), at=at, data=told, more=data),))


SOURCE = Source(means="HMAC-SHA256 over id, time and body", prove=prove, read=read)
