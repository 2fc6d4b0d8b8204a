"""`/v1/contacts/…`: what is known of a person, told or asked; and what happened with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field, ValidationError

from engage.contacts.consent import states
from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.contacts.ports import Fate, Permission, Person
from engage.history.timeline import Filter, as_json
from engage.model.access import Task
from engage.model.contact import AttributeKind, ChannelKind, Contact
from engage.model.history import Kind
from engage.model.values import to_json
from engage.web.api.answers import answers
from engage.web.api.attributes import attributes_model, read_attributes
from engage.web.api.consents import Channel, PurposeName
from engage.web.api.fields import LINE, Body, Fields, Moment, Remark, contact_named, known_name, refers_to, within_years
from engage.web.gate import for_task, key_of
from engage.web.ports import Site
from engage.web.problems import Problem, rows_of

EXAMPLE: dict[str, Any] = {
    "attributes": {"email": "ana@example.com", "first_name": "Ana", "locale": "sl", "country": "SI"},
    "consents": [{"purpose": "marketing", "channel": "email", "granted": True, "at": "2026-02-25T11:00:00Z", "source": "checkout"}],
}

NO_SLASH = LINE.replace("[^", "[^/", 1)
ExternalId = Annotated[str, Path(min_length=1, max_length=255, pattern=NO_SLASH, description="What your own systems call the contact.")]
ContactId = Annotated[str, Path(
    min_length=1, max_length=320, pattern=NO_SLASH,
    description="Its external id, else its email address, else its phone number; or #12 (written %2312), our own number.",
)]


class PermissionIn(Body):
    """A consent, told along with a person. Without its time it never brings back one that was withdrawn."""

    purpose: PurposeName
    channel: Channel | None = None
    granted: bool
    at: Moment | None = None
    source: Remark | None = None
    proof: Remark | None = None


class ContactIn(Body):
    """What is told of a person. What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    attributes: Annotated[dict[str, Any], refers_to("Attributes")] = Field(default_factory=dict)
    consents: Annotated[list[PermissionIn], Field(max_length=100)] = Field(default_factory=list)


class StandingOut(Body):
    """Where somebody stands with a purpose by a kind of channel; `granted` is the ledger's last word, null where it has none."""

    purpose: str
    channel: Channel
    may_write: bool
    granted: bool | None
    at: Moment | None
    source: str | None


class ContactOut(Body):
    """What is known of a person. `result` says what a PUT came to."""

    id: int
    external_id: str | None
    attributes: Fields
    consents: list[StandingOut]
    result: Literal["created", "changed", "unchanged"] | None = None


class HistoryOut(Body):
    """A page of touches, the latest first. `next` is the `before` of the next page; null: there is none."""

    touches: list[Fields]
    next: int | None


def add_contacts(api: APIRouter, site: Site) -> None:
    """The routes."""

    @api.put(
        "/contacts/{external_id}", summary="Tell what is known of a person", tags=["contacts"], response_model=ContactOut,
        responses={201: {"description": "Nobody had that external id.", "model": ContactOut}, **answers(400, 404, 409, 413, 415, 422)},
        openapi_extra=for_task(Task.TELL),
    )
    def put_contact(external_id: ExternalId, contact: ContactIn, request: Request, response: Response) -> ContactOut:
        """Make the contact, or change it: all that is told, or nothing. Values are checked and normalised as on import.

        Whoever is known already by the email address or the phone number, and has no external id yet, becomes this one.
        """
        person = _person(site, external_id, contact, source=f"api: {key_of(request).name}")
        (stored,) = site.people.upsert([person], now=site.clock.now())
        if stored.fate is Fate.REFUSED:
            raise Problem(409, stored.reason or "this conflicts with what is known")
        site.intake.told()
        response.status_code = 201 if stored.fate is Fate.CREATED else 200
        return _shown(site, contact_named(site, f"#{stored.contact_id}"), result=stored.fate)

    @api.get(
        "/contacts/{external_id}", summary="What is known of a person", tags=["contacts"], responses=answers(404, 409),
        openapi_extra=for_task(Task.READ),
    )
    def get_contact(external_id: ContactId) -> ContactOut:
        """Attributes, and where the person stands with each purpose."""
        return _shown(site, contact_named(site, external_id))

    _add_history(api, site)


def _add_history(api: APIRouter, site: Site) -> None:
    @api.get(
        "/contacts/{external_id}/history", summary="What happened with a person", tags=["contacts"], responses=answers(404, 409),
        openapi_extra=for_task(Task.READ),
    )
    def get_history(  # each is a filter
        external_id: ContactId,
        kind: Annotated[list[Kind] | None, Query(description="Only touches of these kinds.", max_length=50)] = None,
        campaign: Annotated[str | None, Query(max_length=100, pattern=LINE)] = None,
        message: Annotated[str | None, Query(max_length=100, pattern=LINE)] = None,
        channel: Annotated[str | None, Query(max_length=100, pattern=LINE)] = None,
        since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
        until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="The `next` of the page before.")] = None,
    ) -> HistoryOut:
        """Every touch: sent, put off, suppressed, answered, consents, events; with what is private in them where it is still kept."""
        asked = Filter(
            contact_id=contact_named(site, external_id).id, kinds=frozenset(kind or ()), campaign=campaign, message=message,
            channel=channel, since=since, until=until,
        )
        lines = site.history.timeline(asked, limit=limit + 1, before=before)
        page = lines[:limit]
        return HistoryOut(touches=[as_json(line) for line in page], next=page[-1].id if len(lines) > limit else None)


def _person(site: Site, external_id: str, told: ContactIn, *, source: str) -> Person:
    """Raises Problem 404, 409, 422."""
    declared = site.workspace().settings.attributes
    try:
        given = attributes_model(declared).model_validate(told.attributes)
    except ValidationError as error:
        what = "the attributes do not have the form that /openapi.json describes"
        raise Problem(422, what, errors=rows_of(error.errors(include_url=False), under="/attributes")) from error
    try:
        named = normalise("external_id", AttributeKind.TEXT, external_id)
    except Unusable as error:
        raise Problem(409, f"external_id: {error}") from error
    if named is None:
        raise Problem(409, "an external id has at least one character that can be seen")
    attributes = {**read_attributes(given, declared), "external_id": named}
    return Person(attributes=attributes, permissions=tuple(_permission(site, each, source) for each in told.consents))


def _permission(site: Site, told: PermissionIn, source: str) -> Permission:
    known_name("purpose", told.purpose, site.workspace().settings.purposes)
    if told.at is not None and within_years("at", told.at) > site.clock.now():
        raise Problem(409, "`at` of a consent lies in the future")
    return Permission(
        purpose=told.purpose, channel=ChannelKind(told.channel) if told.channel else None, granted=told.granted, at=told.at,
        source=told.source or source, proof=told.proof,
    )


def _shown(site: Site, contact: Contact, *, result: Fate | None = None) -> ContactOut:
    found = states(
        site.ledger.lines(contact.id), site.workspace().settings.purposes.values(), contact_id=contact.id, now=site.clock.now()
    )
    return ContactOut(
        id=contact.id, external_id=contact.text("external_id"),
        attributes={name: to_json(value) for name, value in contact.attributes.items() if name != "external_id"},
        consents=[
            StandingOut(
                purpose=state.purpose, channel=state.channel.value, may_write=state.may_write,
                granted=state.line.granted if state.line else None, at=state.line.at if state.line else None,
                source=state.line.source if state.line else None,
            )
            for state in found
        ],
        result=None if result is None else result.value,  # type: ignore[arg-type]  # refused ones do not come here
    )
