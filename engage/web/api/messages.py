"""`/v1/messages`: one message to one contact, without a campaign; what became of it; taking it back while it waits."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field

from engage.model.access import Task
from engage.model.contact import PREFERRED
from engage.model.delivery import DeliveryState
from engage.model.time import Duration
from engage.model.workspace import Channel
from engage.planning.messages import (
    TAKEN_BACK,
    USUAL_EXPIRY,
    USUAL_PRIORITY,
    AskedMessage,
    MessageGone,
    MessageSeen,
    RequestName,
    RequestRepeated,
    RequestUnderWay,
    delivery_of_message,
    staff_channel,
)
from engage.policy.reach import channel_order
from engage.web.api.answers import answers
from engage.web.api.consents import PurposeName
from engage.web.api.fields import Body, Fields, Moment, Name, Reference, Span, contact_named, known_name, within_years
from engage.web.gate import for_task, key_of
from engage.web.ports import Site
from engage.web.problems import Problem

EXAMPLE: dict[str, Any] = {
    "contact": "ana", "message": "reset_password", "purpose": "service", "channels": ["email"], "with": {"code": "123456"},
    "expires": "30m",
}

State = Literal["waiting", "sending", "sent", "failed", "suppressed", "expired", "cancelled", "unknown"]
MessageId = Annotated[int, Path(ge=1, le=2**53)]
IDEMPOTENCY_KEY = re.compile("[!-~]{1,255}")
IDEMPOTENCY = {"x-idempotency": {
    "header": "Idempotency-Key", "required": False, "kept_for": "P7D", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}}
"""The header is no parameter in the document: what a generator of requests would send under one key twice is two different messages."""


def _whole(raw: object) -> object:
    """JSON knows no difference between 4 and 4.0."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


class MessageIn(Body):
    """One message to one contact. Nobody's consent, quiet hours or limits are passed over: the purpose says which hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contact: Reference
    message: Annotated[Name, Field(description="A folder of templates/.")]
    purpose: PurposeName
    channels: Annotated[
        list[Name], Field(min_length=1, max_length=10, description="Names of channels, in order of preference; `preferred`: their own.")
    ]
    values: Annotated[Fields, Field(alias="with", description="What the template is handed.")] = Field(default_factory=dict)
    send_at: Annotated[Moment | None, Field(description="When; now, where absent or past.")] = None
    expires: Annotated[Span | None, Field(description="How long it makes sense; default 7d.")] = None
    priority: Annotated[int, Field(ge=0, le=9), BeforeValidator(_whole)] = USUAL_PRIORITY


class MessageOut(Body):
    """A message, and what has become of it. `hold` is of what it waits for people, `reason` why it was put off, or came to nothing."""

    id: int
    contact: str
    message: str
    purpose: str
    channels: list[str]
    state: State
    channel: str | None
    send_at: Moment
    due_at: Moment
    expires_at: Moment
    hold: str | None
    reason: str | None


def add_messages(api: APIRouter, site: Site) -> None:
    """The routes."""

    @api.post(
        "/messages", summary="Send one message", tags=["messages"], status_code=202, openapi_extra={**for_task(Task.SEND), **IDEMPOTENCY},
        responses=answers(400, 404, 409, 413, 415, 422),
    )
    def post_message(wanted: MessageIn, request: Request, response: Response) -> MessageOut:
        """Take on one message to one contact. Answered once it is a row in the database, and has been rendered for the contact.

        Whether it may be sent is decided when its time has come, as of every other message. A 409 says that it cannot be rendered.

        With the header `Idempotency-Key` (1 to 255 visible ASCII characters) it may be asked for again within a week: the message is
        made but once, and the answer is the same, with `Idempotent-Replayed: true`. A 422 says that the key was used for another
        message, a 409 that what was asked under it is being done at this moment.
        """
        asked = _asked(site, wanted)
        name = _request_name(request, wanted)
        new = delivery_of_message(asked, settings=site.workspace().settings, now=site.clock.now())
        try:
            seen, made = site.messages.ask(new, request=name)
        except RequestRepeated as error:
            raise Problem(422, str(error), errors=[{"detail": str(error), "parameter": "Idempotency-Key"}]) from error
        except RequestUnderWay as error:
            raise Problem(409, str(error), headers={"Retry-After": "1"}) from error
        site.intake.told(queue=site.workspace().settings.purposes[wanted.purpose].queue)
        response.headers["Location"] = f"/v1/messages/{seen.id}"
        if not made:
            response.headers["Idempotent-Replayed"] = "true"
        return _shown(seen)

    _add_one_message(api, site)


def _add_one_message(api: APIRouter, site: Site) -> None:
    @api.get(
        "/messages/{message_id}", summary="What became of it", tags=["messages"], responses=answers(404),
        openapi_extra=for_task(Task.SEE_MESSAGE),
    )
    def get_message(message_id: MessageId) -> MessageOut:
        """The message as it is now; each touch of it stands in the contact's history. 404 once it was taken back."""
        seen = site.messages.seen(message_id)
        if seen is not None and seen.state is DeliveryState.CANCELLED and seen.reason == TAKEN_BACK:
            raise Problem(404, f"message {message_id} was taken back before it was sent; it stands in the history of its contact")
        return _there(seen, message_id)

    @api.delete(
        "/messages/{message_id}", summary="Take it back", tags=["messages"], responses=answers(404, 409),
        openapi_extra=for_task(Task.SEND),
    )
    def delete_message(message_id: MessageId, request: Request) -> MessageOut:
        """Cancel it while it waits: nothing of it is sent once this has answered. Safe to repeat. 409 where its hand-off has begun."""
        try:
            seen = site.messages.take_back(message_id, now=site.clock.now(), by=f"api: {key_of(request).name}")
        except MessageGone as gone:
            raise Problem(409, f"message {message_id} is {gone.state}: only one that waits can be taken back") from gone
        return _there(seen, message_id)


def _asked(site: Site, wanted: MessageIn) -> AskedMessage:
    """What is asked for. Raises Problem 404 for what is not there, 409 for what cannot be."""
    settings = site.workspace().settings
    known_name("purpose", wanted.purpose, settings.purposes)
    known_name("message", wanted.message, tuple(site.drafts.messages()))
    for channel in wanted.channels:
        known_name("channel", channel, {**settings.channels, PREFERRED: None})
    if (staff := staff_channel(wanted.channels, settings)) is not None:
        raise Problem(409, f"the channel {staff} has a fixed recipient: by it no contact is reached")
    send_at = within_years("send_at", wanted.send_at) if wanted.send_at else None
    asked = AskedMessage(
        contact=contact_named(site, wanted.contact), message=wanted.message, purpose=wanted.purpose, channels=tuple(wanted.channels),
        values=wanted.values, send_at=send_at, expires=wanted.expires or USUAL_EXPIRY, priority=wanted.priority,
    )
    _refuse_troubles(site, asked, [settings.channels[name] for name in channel_order(wanted.channels, asked.contact, settings)])
    return asked


def _refuse_troubles(site: Site, asked: AskedMessage, channels: Sequence[Channel]) -> None:
    purpose = site.workspace().settings.purposes[asked.purpose]
    troubles = site.drafts.troubles(
        asked.message, channels, contact=asked.contact, purpose=purpose, values=asked.values, now=site.clock.now()
    )
    if troubles:
        raise Problem(409, troubles[0], errors=[{"detail": trouble} for trouble in troubles])


def _request_name(request: Request, wanted: MessageIn) -> RequestName | None:
    """Raises Problem 422 where the Idempotency-Key is none."""
    name = request.headers.get("idempotency-key")
    if name is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(name):
        raise Problem(422, "an Idempotency-Key is 1 to 255 visible ASCII characters")
    said = json.dumps(wanted.model_dump(mode="json", by_alias=True, exclude_unset=True), sort_keys=True, default=_written)
    return RequestName(key_id=key_of(request).id, name=name, fingerprint=sha256(said.encode()).hexdigest())


def _written(value: object) -> object:
    if isinstance(value, Duration):
        return [value.months, value.days, value.seconds]
    raise TypeError(f"{type(value).__name__} is no JSON")


def _there(seen: MessageSeen | None, message_id: int) -> MessageOut:
    if seen is None:
        raise Problem(404, f"there is no message {message_id}")
    return _shown(seen)


def _shown(seen: MessageSeen) -> MessageOut:
    return MessageOut(
        id=seen.id, contact=seen.contact, message=seen.message, purpose=seen.purpose, channels=list(seen.channels), state=seen.state.value,
        channel=seen.channel, send_at=seen.send_at, due_at=seen.due_at, expires_at=seen.expires_at, hold=seen.hold, reason=seen.reason,
    )
