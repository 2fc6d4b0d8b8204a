"""The API for programs: `/v1/…`, with a bearer key. JSON in, events out; a 2xx means that they are in the database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from engage.model.errors import InputError
from engage.planning.incoming import Incoming, read_event
from engage.web.keys import is_given
from engage.web.ports import Site

MOST_EVENTS = 1_000
"""Events of one request."""

EXAMPLE: dict[str, Any] = {
    "id": "ticket-1001-closed", "type": "ticket.closed", "contact": "ana", "data": {"ticket_id": "1001", "channel": "email"},
}

UNSET = "the API has no key yet: set ENGAGE_API_KEY for `engage web`, and send it as `Authorization: Bearer KEY`"


class EventIn(BaseModel):
    """Something that happened: to a contact (its external id, email address or phone number), or to nobody in particular.

    An event of the CloudEvents form (with `specversion`) is taken as well: its `subject` is the contact, its `time` is `at`.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    id: Annotated[str, Field(min_length=1, max_length=200, description="Sent twice, it counts once.")] | None = None
    type: Annotated[str, Field(min_length=1, max_length=100)]
    contact: Annotated[str, Field(min_length=1, max_length=320)] | None = None
    at: Annotated[AwareDatetime, Field(description="When it happened; now, where absent.")] | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _cloud_event(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping) or "specversion" not in raw:
            return raw
        if not raw.get("id") or not raw.get("source"):
            raise ValueError("a CloudEvent has an `id` and a `source`")
        return {
            "id": f"{raw['source']}#{raw['id']}", "type": raw.get("type"), "contact": raw.get("subject"), "at": raw.get("time"),
            "data": raw.get("data") or {},
        }


class EventOut(BaseModel):
    """What became of one event. An event about somebody `unknown` is kept for 30 days, and counts once the contact appears.

    One about somebody who was `erased` is not kept.
    """

    id: str
    status: Literal["accepted", "repeated", "not_kept"]
    contact: Literal["known", "unknown", "erased"] | None
    ignored: list[str] = Field(default_factory=list, description="Fields that are objects and not declared in engage.yaml.")


class EventsOut(BaseModel):
    """What became of all of them, in the order they came."""

    events: list[EventOut]


def router(site: Site) -> APIRouter:
    """The routes of `/v1`."""
    api = APIRouter(prefix="/v1", dependencies=[Depends(_key_of(site))], tags=["events"])

    @api.post("/events", summary="Tell what happened")
    def post_events(events: EventIn | Annotated[list[EventIn], Field(min_length=1, max_length=MOST_EVENTS)]) -> EventsOut:
        """Take in one event or a list of them. Refused as a whole where any cannot be read; safe to repeat."""
        return EventsOut(events=_take(site, events if isinstance(events, list) else [events]))

    return api


def _take(site: Site, events: Sequence[EventIn]) -> list[EventOut]:
    now = site.clock.now()
    declared = site.workspace().settings.events
    read = [
        read_event(
            id=event.id or secrets.token_hex(16), type=event.type, at=event.at or now, data=event.data, contact_ref=event.contact,
            now=now, declared=declared,
        )
        for event in events
    ]
    answers = [_take_one(site, incoming) for incoming in read]
    site.intake.told()
    return answers


def _take_one(site: Site, incoming: Incoming) -> EventOut:
    event = incoming.event
    new = site.intake.take(event)
    known = _is_known(site, event.contact_ref)
    status: Literal["accepted", "repeated", "not_kept"] = "accepted" if new else "not_kept" if known == "erased" else "repeated"
    return EventOut(id=event.id, status=status, contact=known, ignored=list(incoming.ignored))


def _is_known(site: Site, reference: str | None) -> Literal["known", "unknown", "erased"] | None:
    if reference is None:
        return None
    try:
        if site.people.find(reference) is not None:
            return "known"
        return "erased" if site.people.is_barred(reference) else "unknown"
    except InputError:  # several people share the address: the event waits until it is clear who is meant
        return "unknown"


def _key_of(site: Site) -> Any:
    """Lets in who has the key; while none is set nobody."""

    def check(request: Request) -> None:
        if site.api_key is None:
            raise HTTPException(503, UNSET)
        if not is_given(request, site.api_key):
            raise HTTPException(401, "the key is missing or wrong: Authorization: Bearer KEY", headers={"WWW-Authenticate": "Bearer"})

    return check
