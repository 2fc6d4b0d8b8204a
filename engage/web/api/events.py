"""`POST /v1/events`: what happened, one event or a list; a 2xx means that they are in the database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Discriminator, Field, Tag

from engage.contacts.ports import Acquaintance
from engage.model.access import Task
from engage.model.contact import Event
from engage.model.errors import InputError
from engage.planning.incoming import LONGEST_ID, Incoming, read_event
from engage.web.api.answers import answers
from engage.web.api.fields import LINE, NO_NUL, REFERS_TO, Body, Fields, Moment, Name, Reference, refers_to
from engage.web.gate import for_task
from engage.web.ports import Site
from engage.web.problems import Problem
from engage.web.together import Together

MOST_EVENTS = 1_000
"""Events of one request."""

AT_ONCE = 100
"""Events that are taken in together, of whatever requests: as many as the planner takes in one transaction, all of them or none."""

Answer = tuple[bool, Acquaintance | None]
"""Whether an event is new, and how well its contact is known."""

CLOUD, CLOUDS = "application/cloudevents+json", "application/cloudevents-batch+json"
MEDIA_TYPES = ("application/json", CLOUD, CLOUDS)

EXAMPLE: dict[str, Any] = {
    "id": "ticket-1001-closed", "type": "ticket.closed", "contact": "ana", "data": {"ticket_id": "1001", "channel": "email"},
}
CLOUD_EXAMPLE: dict[str, Any] = {
    "specversion": "1.0", "id": "1001-closed", "source": "/desk", "type": "ticket.closed", "subject": "ana",
    "time": "2026-02-25T11:00:00Z", "data": {"ticket_id": "1001", "channel": "email"},
}

Word = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=LINE)]


class EventIn(Body):
    """Something that happened: to a contact, or to nobody in particular."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: Annotated[Word, Field(description="Sent twice, it counts once; without one it counts each time.")] | None = None
    type: Name
    contact: Reference | None = None
    at: Annotated[Moment, Field(description="When it happened; now, where absent.")] | None = None
    data: Fields = Field(default_factory=dict)


class CloudEventIn(Body):
    """The same in the form of CloudEvents 1.0: its `subject` is the contact, its `time` is `at`. Other attributes are passed over."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={
        "examples": [CLOUD_EXAMPLE], "additionalProperties": {REFERS_TO: "Json"}, "propertyNames": {"pattern": NO_NUL},
    })

    specversion: Literal["1.0"]
    id: Word
    source: Annotated[str, Field(min_length=1, max_length=500, pattern=LINE)]
    type: Name
    subject: Reference | None = None
    time: Moment | None = None
    datacontenttype: Annotated[str, Field(pattern=r"^application/([a-z0-9.-]+\+)?json$", max_length=100)] | None = None
    data: Fields | None = None
    data_base64: Annotated[None, Field(description="Nothing binary is taken.")] = None


class EventOut(Body):
    """What became of one event. An event about somebody `unknown` is kept for 30 days, and counts once the contact appears.

    One about somebody who was `erased` is not kept; one that is `refused` neither, and `problem` says why.
    """

    id: str
    status: Literal["accepted", "repeated", "not_kept", "refused"]
    contact: Acquaintance | None
    ignored: list[str] = Field(default_factory=list, description="Fields that are objects and not declared in engage.yaml.")
    problem: str | None = None


class EventsOut(Body):
    """What became of all of them, in the order they came."""

    events: list[EventOut]


def _kind(raw: Any) -> str:
    cloud = isinstance(raw, CloudEventIn) or (isinstance(raw, Mapping) and "specversion" in raw)
    return "cloud:" if cloud else "event:"


def _number(raw: Any) -> str:
    return "several:" if isinstance(raw, list) else "one:"


OneIn = Annotated[Annotated[EventIn, Tag("event:")] | Annotated[CloudEventIn, Tag("cloud:")], Discriminator(_kind)]
EventsIn = Annotated[
    Annotated[OneIn, Tag("one:")] | Annotated[list[OneIn], Field(min_length=1, max_length=MOST_EVENTS), Tag("several:")],
    Discriminator(_number), refers_to("EventsIn"),
]


def add_events(api: APIRouter, site: Site) -> None:
    """The route."""
    together = Together(partial(take_all, site), most=AT_ONCE)

    @api.post(
        "/events", summary="Tell what happened", tags=["events"], responses=answers(400, 409, 413, 415, 422),
        openapi_extra=for_task(Task.TELL, media_types=MEDIA_TYPES),
    )
    def post_events(events: EventsIn) -> EventsOut:
        """Take in one event, or up to 1,000, each answered by itself. Safe to repeat: an id counts once.

        CloudEvents are taken in their structured form, as a batch, and in the binary one (`ce-…` headers, the data as the body).
        One event alone that cannot be taken is a 409; in a list it is `refused`, and the others are taken.
        """
        if isinstance(events, list):
            return EventsOut(events=_take(site, together, events))
        (answer,) = _take(site, together, [events])
        if answer.status == "refused":
            raise Problem(409, answer.problem or "")
        return EventsOut(events=[answer])


def _take(site: Site, together: Together[Event, Answer], events: Sequence[EventIn | CloudEventIn]) -> list[EventOut]:
    read = [_read(site, event) for event in events]
    answered = iter(together.ask([each.event for each in read if isinstance(each, Incoming)]))
    return [each if isinstance(each, EventOut) else _answer(each, *next(answered)) for each in read]


def take_all(site: Site, events: Sequence[Event]) -> Sequence[Answer]:
    """Of one request or of several that came at once; an answer for each, in the order given."""
    taken = site.intake.take_all(events)
    site.intake.told()
    known = site.people.acquaintance({event.contact_ref for event in events if event.contact_ref})
    return [(new, known.get(event.contact_ref or "")) for event, new in zip(events, taken, strict=True)]


def _read(site: Site, event: EventIn | CloudEventIn) -> Incoming | EventOut:
    """The event, or why it is refused."""
    plain = _plain(event) if isinstance(event, CloudEventIn) else event
    now, id_ = site.clock.now(), plain.id or secrets.token_hex(16)
    try:
        read = read_event(
            id=id_, type=plain.type, at=plain.at or now, data=plain.data, contact_ref=plain.contact, now=now,
            declared=site.workspace().settings.events,
        )
    except InputError as error:
        return EventOut(id=id_, status="refused", contact=None, problem=error.problems[0].what)
    return replace(read, event=replace(read.event, trace=site.intake.trace()))


def _plain(cloud: CloudEventIn) -> EventIn:
    """What is unique of a CloudEvent is its source with its id; together they may be longer than an id of ours."""
    id_ = f"{cloud.source}#{cloud.id}"
    if len(id_) > LONGEST_ID:
        id_ = sha256(id_.encode()).hexdigest()
    return EventIn(id=id_, type=cloud.type, contact=cloud.subject, at=cloud.time, data=cloud.data or {})


def _answer(read: Incoming, new: bool, contact: Acquaintance | None) -> EventOut:
    status: Literal["accepted", "repeated", "not_kept"] = "accepted" if new else "not_kept" if contact == "erased" else "repeated"
    return EventOut(id=read.event.id, status=status, contact=contact, ignored=list(read.ignored))
