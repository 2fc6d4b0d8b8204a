"""Slack: the Events API (messages to the app), and interactivity (buttons and menus of messages).

Signed: HMAC-SHA256 over the version, the time and the body, by the app's signing secret. A button whose `action_id` is the type of an
event (`csat.answered`, or `csat.answered:5` as ids differ within a message) becomes that event; its `value` is JSON with the fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engage.hooks.found import NOTHING, Answer, Found, Reply, Told
from engage.hooks.proof import Proven, proven, refuse_unless_now, refuse_unless_signed, unix
from engage.hooks.request import HookRequest, malformed
from engage.hooks.sources.source import Certificates, Source
from engage.hooks.values import moment, record, records, text
from engage.model.contact import ChannelKind
from engage.model.hooks import Hook

DONE = Answer(body="", media_type="text/plain")

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")


def prove(hook: Hook, request: HookRequest, now: datetime, certificates: Certificates) -> Proven:
    """By `X-Slack-Signature`."""
    stamp = request.header("x-slack-request-timestamp")
    message = b":".join((b"v0", stamp.encode(), request.body))
    signature = request.header("x-slack-signature")
    refuse_unless_signed([signature.removeprefix("v0=")] if signature.startswith("v0=") else [], message, hook.secrets, hexadecimal=True)
    refuse_unless_now(unix(stamp), now)
    return proven(message)


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """Interactivity comes as a form, events as JSON."""
    if request.header("content-type").startswith("application/x-www-form-urlencoded"):
        return _interaction(_payload(request)) + Found(answer=DONE)
    body = request.record()
    match text(body.get("type")):
        case "url_verification":
            return Found(answer=Answer(body=text(body.get("challenge")) or "", media_type="text/plain"))
        case "event_callback":
            return _event(body, record(body.get("event")))
        case kind:
            return Found(ignored=(kind or "untold",), answer=DONE)


def _event(body: Mapping[str, Any], event: Mapping[str, Any]) -> Found:
    """A message that a person wrote to the app; what bots write, and edits, are none."""
    kind, user, written = text(event.get("type")), text(event.get("user")), text(event.get("text"))
    ours = kind == "message" and text(event.get("channel_type")) == "im" and not event.get("bot_id") and not event.get("subtype")
    id_ = text(body.get("event_id"))
    if not ours or user is None or written is None or id_ is None:
        return Found(ignored=(kind or "untold",), answer=DONE)
    return Found(replies=(Reply(kind=ChannelKind.CHAT, sender=user, text=written, id=id_, at=moment(event.get("ts"))),), answer=DONE)


def _payload(request: HookRequest) -> Mapping[str, Any]:
    try:
        payload = dict(request.form()).get("payload", "").encode()
    except UnicodeEncodeError as error:
        raise malformed("the form has no `payload` in JSON") from error
    return replace(request, body=payload).record()


def _interaction(payload: Mapping[str, Any]) -> Found:
    user = text(record(payload.get("user")).get("id"))
    if text(payload.get("type")) != "block_actions" or user is None:
        return Found(ignored=(text(payload.get("type")) or "untold",), answer=DONE)
    message = text(record(payload.get("container")).get("message_ts")) or text(record(payload.get("message")).get("ts")) or ""
    return sum((_action(each, user, message) for each in records(payload.get("actions"))), Found(answer=DONE))


def _action(action: Mapping[str, Any], user: str, message: str) -> Found:
    name = text(action.get("action_id")) or ""
    type_, _, _ = name.partition(":")
    if not _TYPE.fullmatch(type_):
        return Found(ignored=(f"action {name[:60]}",))
    written = text(action.get("value")) or text(record(action.get("selected_option")).get("value"))
    data, stamp = _data(written), text(action.get("action_ts"))
    return Found(told=(Told(type=type_, chat_id=user, id=f"{message}:{name}:{stamp}", at=moment(stamp), data=data),)) if stamp else NOTHING


def _data(written: str | None) -> Mapping[str, object]:
    try:
        found = json.loads(written or "{}")
    except (ValueError, RecursionError):
        found = written
    return found if isinstance(found, dict) else {"value": found}


SOURCE = Source(means="HMAC-SHA256 over time and body", prove=prove, read=read)
