"""Twilio: what became of a text (status callbacks), and texts that people send.

Signed: HMAC-SHA1 by the account's auth token over the URL and the form's fields, or over the URL with the body's hash. It signs no
time: a text is known by its SID, so that the same told again says nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from engage.hooks.found import Answer, Found, Reply, Report
from engage.hooks.proof import NotProven, Proven, proven, refuse_unless_signed, same
from engage.hooks.request import HookRequest, malformed, storable
from engage.hooks.sources.source import Certificates, Source
from engage.model.contact import ChannelKind
from engage.model.history import Kind
from engage.model.hooks import Hook

EMPTY = Answer(body='<?xml version="1.0" encoding="UTF-8"?><Response/>', media_type="text/xml; charset=utf-8")
"""TwiML that says nothing: Twilio sends no text of its own in answer."""

MARK = "delivery"
"""The parameter of the callback's URL that names our delivery: its Idempotency-Key."""

STOPPED = "21610"
"""Twilio did not send it, as the person had sent STOP to Twilio itself."""

_TAKEN_BY_TWILIO = {"STOP": "STOP", "START": "START"}
"""What `OptOutType` says of a text that Twilio took for one of its own words, which may be set up there (Advanced Opt-Out)."""

REASONS: Mapping[str, str] = {
    "30004": "blocked", "30005": "hard", "30006": "hard", "30007": "blocked", "30034": "blocked", "21211": "hard", "21614": "hard",
    "21612": "blocked",
}
"""Error codes (twilio.com/docs/api/errors) that say more than that it did not arrive: 30005 an unknown handset, 30006 a landline, …"""


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `X-Twilio-Signature`."""
    body_hash = request.parameter("bodySHA256")
    if body_hash is not None and not same(body_hash.lower(), sha256(request.body).hexdigest()):
        raise NotProven("the body is not the one that was signed")
    rest = b"" if body_hash is not None else "".join(name + value for name, value in sorted(set(request.form()))).encode()
    for url in _urls(request.url):
        try:
            refuse_unless_signed([request.header("x-twilio-signature")], url.encode() + rest, hook.secrets, digest="sha1")
        except NotProven:
            continue
        return proven(request.url.encode(), request.body)
    raise NotProven("the signature is missing, or by another secret")


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """A text of somebody's where there is one, else a status."""
    fields = {name: storable(value) for name, value in request.form()}
    sid = fields.get("MessageSid") or fields.get("SmsSid") or fields.get("SmsMessageSid")
    if not sid:
        raise malformed("the request names no message")
    status = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    if "Body" in fields and status in ("", "received", "receiving"):
        sender = fields.get("From", "")
        word = _TAKEN_BY_TWILIO.get(fields.get("OptOutType", "").upper(), fields["Body"])
        return Found(replies=(Reply(kind=_kind(sender), sender=_number(sender), text=word, id=sid),), answer=EMPTY)
    return _status(fields, sid, status, request) + Found(answer=EMPTY)


def _status(fields: Mapping[str, str], sid: str, status: str, request: HookRequest) -> Found:
    to, error = _number(fields.get("To", "")), fields.get("ErrorCode", "")
    if error == STOPPED:
        return Found(replies=(Reply(kind=ChannelKind.SMS, sender=to, text="STOP", id=sid),), answer=EMPTY)
    kinds = {"delivered": Kind.DELIVERED, "read": Kind.OPENED, "undelivered": Kind.BOUNCED, "failed": Kind.BOUNCED}
    kind = kinds.get(status)
    if kind is None:
        return Found(ignored=(f"status {status or 'untold'}",), answer=EMPTY)
    mark = request.parameter(MARK)
    report = Report(
        kind=kind, at=None, marks=(mark,) if mark else (), address=to, provider_id=sid,
        reason=REASONS.get(error, "soft") if kind is Kind.BOUNCED else None,
    )
    return Found(reports=(report,), answer=EMPTY)


def _urls(url: str) -> list[str]:
    """The URL, and with its port written out: Twilio's own libraries try both."""
    parts = urlsplit(url)
    if parts.port is not None:
        return [url, parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()]
    return [url, parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()]


def _number(address: str) -> str:
    return address.rpartition(":")[2]


def _kind(address: str) -> ChannelKind:
    """`whatsapp:+386…` is a chat."""
    return ChannelKind.CHAT if ":" in address else ChannelKind.SMS


def reply(text: str) -> Answer:
    """TwiML that sends the text to who wrote."""
    return Answer(
        body=f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{escape(text)}</Message></Response>', media_type=EMPTY.media_type,
    )


SOURCE = Source(means="HMAC-SHA1 over URL and fields", prove=prove, read=read, reply=reply)
