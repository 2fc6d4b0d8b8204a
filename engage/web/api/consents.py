"""`POST /v1/consents`: what people allow, or allow no more, with where it comes from and what shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Discriminator, Field, Tag

from engage.model.access import Task
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Consent, Ground
from engage.web.api.answers import answers
from engage.web.api.attributes import LOCALE
from engage.web.api.fields import Body, Moment, Name, Reference, Remark, contact_named, known_name, refers_to, within_years
from engage.web.gate import for_task, key_of
from engage.web.ports import Site
from engage.web.problems import Problem

MOST_CONSENTS = 1_000
EXAMPLE: dict[str, Any] = {
    "contact": "ana", "purpose": "marketing", "channel": "email", "granted": True, "source": "checkout", "proof": "order 1001",
}

Channel = Literal["email", "sms", "chat"]
GroundIn = Literal["consent", "implied", "legitimate_interest", "contract", "legal_obligation"]
PurposeName = Annotated[Name, Field(description="A purpose of engage.yaml.")]


class ConsentIn(Body):
    """A grant, or its withdrawal, by one kind of channel or all of them. Email never implies SMS."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contact: Reference
    purpose: PurposeName
    channel: Annotated[Channel | None, Field(description="A kind of channel; default: all.")] = None
    granted: bool
    at: Annotated[Moment | None, Field(description="Since when; now, where absent.")] = None
    source: Annotated[Remark | None, Field(description="Where it comes from; default: the key's name.")] = None
    proof: Annotated[Remark | None, Field(description="What shows it: a form, a call, a ticket.")] = None
    ground: Annotated[GroundIn | None, Field(description="On what a grant rests.")] = None
    expires_at: Annotated[Moment | None, Field(description="From then on it says nothing.")] = None
    wording: Annotated[Remark | None, Field(description="What the person read; kept as it is.")] = None
    locale: Annotated[str, Field(pattern=LOCALE, description="The language in which they read it.")] | None = None


class ConsentsOut(Body):
    """How many lines the ledger got; one that is there already, to the letter, is not repeated."""

    recorded: int


def _number(raw: Any) -> str:
    return "several:" if isinstance(raw, list) else "one:"


ConsentsIn = Annotated[
    Annotated[ConsentIn, Tag("one:")] | Annotated[list[ConsentIn], Field(min_length=1, max_length=MOST_CONSENTS), Tag("several:")],
    Discriminator(_number), refers_to("ConsentsIn"),
]


def add_consents(api: APIRouter, site: Site) -> None:
    """The route."""

    @api.post(
        "/consents", summary="Record what people allow", tags=["consents"], responses=answers(400, 404, 409, 413, 415, 422),
        openapi_extra=for_task(Task.TELL),
    )
    def post_consents(consents: ConsentsIn, request: Request) -> ConsentsOut:
        """Append one line to the ledger of consents, or up to 1,000; all of them or none. In force from the next hand-off on."""
        told = consents if isinstance(consents, list) else [consents]
        lines = [_line(site, each, source=f"api: {key_of(request).name}") for each in told]
        wordings = [Wording(purpose=each.purpose, locale=each.locale or "und", text=each.wording) for each in told if each.wording]
        recorded = site.ledger.record(lines, wordings=wordings)
        site.intake.told()
        return ConsentsOut(recorded=recorded)


def _line(site: Site, told: ConsentIn, *, source: str) -> Consent:
    """Raises Problem 404, 409."""
    known_name("purpose", told.purpose, site.workspace().settings.purposes)
    now = site.clock.now()
    at = within_years("at", told.at or now)
    if at > now:
        raise Problem(409, "`at` lies in the future")
    expires_at = within_years("expires_at", told.expires_at) if told.expires_at else None
    if expires_at is not None and expires_at <= at:
        raise Problem(409, "`expires_at` is not after `at`")
    wording = Wording(purpose=told.purpose, locale=told.locale or "und", text=told.wording) if told.wording else None
    ground = Ground(told.ground) if told.ground else Ground.CONSENT
    return Consent(
        contact_id=contact_named(site, told.contact).id, purpose=told.purpose, channel=ChannelKind(told.channel) if told.channel else None,
        granted=told.granted, at=at, source=told.source or source, proof=told.proof, ground=ground if told.granted else None,
        expires_at=expires_at, wording=wording and wording.hash, locale=told.locale,
    )
