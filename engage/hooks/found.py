"""What a request may say, whatever its source: events, what is told of people, what became of messages, answers of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from engage.model.contact import ChannelKind
from engage.model.history import Kind

CONTACT_UPDATED = "contact.updated"
TICKET_CREATED, TICKET_CLOSED, TICKET_REOPENED = "ticket.created", "ticket.closed", "ticket.reopened"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something happened. `id` is the source's own name of it, None where it has none: then the request's bytes name it.

    `contact` is an external id, an email address or a phone number; `chat_id` stands for it where that is all that is known. With
    neither it is about everybody, which only a mapping may say. `at` None: now. Of `more`, the rest of what came, those fields are
    kept that engage.yaml declares of the type.
    """

    type: str
    contact: str | None = None
    chat_id: str | None = None
    id: str | None = None
    at: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict, repr=False)
    more: Mapping[str, object] = field(default_factory=dict, repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is told of one person: attributes as they came, by our names. `subject` is what the source knows the person by.

    What is told later by `at`, and came earlier, is not undone. It becomes the event `contact.updated`.
    """

    subject: str
    attributes: Mapping[str, object] = field(repr=False)
    id: str | None = None
    at: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a message. It is the one whose Idempotency-Key or Message-ID stands in one of the `marks`, if it is ours.

    Else the one that went to `address` and is known to its provider by `provider_id`. The rest is as in `feedback.Response`.
    """

    kind: Kind
    at: datetime | None
    marks: tuple[str, ...] = ()
    address: str | None = field(default=None, repr=False)
    provider_id: str | None = None
    reason: str | None = None
    url: str | None = None
    text: str | None = field(default=None, repr=False)
    machine: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A person wrote back: a text from a phone number or a chat. `id` is its source's own name of it."""

    kind: ChannelKind
    sender: str = field(repr=False)
    text: str = field(repr=False)
    id: str
    at: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the source is answered, with status 200. `body` None: a JSON object that counts what was taken."""

    body: str | None = None
    media_type: str = "application/json"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that one request says. `ignored` are the source's words for what means nothing to us, `visit` a URL that it wants fetched.

    `refused` are sentences about what in it cannot be used; they keep nothing else from being taken.
    """

    told: tuple[Told, ...] = ()
    people: tuple[Person, ...] = ()
    reports: tuple[Report, ...] = ()
    replies: tuple[Reply, ...] = ()
    ignored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    answer: Answer = field(default_factory=Answer)
    visit: str | None = None

    def __add__(self, other: Found) -> Found:
        """Both; the first one's answer."""
        return Found(
            told=self.told + other.told, people=self.people + other.people, reports=self.reports + other.reports,
            replies=self.replies + other.replies, ignored=self.ignored + other.ignored, refused=self.refused + other.refused,
            answer=self.answer, visit=self.visit or other.visit,
        )


NOTHING = Found()
