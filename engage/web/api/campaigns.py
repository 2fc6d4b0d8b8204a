"""`/v1/campaigns/…`: people who are named enter one; pauses and approvals."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from engage.history.report import campaign_json
from engage.model.access import Task
from engage.model.campaign import Campaign
from engage.web.api.answers import answers
from engage.web.api.fields import LINE, Body, Fields, Moment, Reference, known_name, within_years
from engage.web.gate import for_task
from engage.web.ports import Site

MOST_CONTACTS = 1_000
EXAMPLE: dict[str, Any] = {"contacts": ["ana", "bor@example.com"], "data": {"plan": "pro"}, "key": "signup-2026-03"}
UNKNOWN = "unknown"

Outcome = Literal["entered", "held_out", "already", "re_entry", "not_in_audience", "paused", "not_live", "unknown"]
CampaignName = Annotated[str, Path(min_length=1, max_length=100, pattern=LINE.replace("[^", "[^/", 1), description="A file of campaigns/.")]


class EnrollIn(Body):
    """Who enters, and with what. Repeated with the same key it enters nobody twice."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contacts: Annotated[list[Reference], Field(min_length=1, max_length=MOST_CONTACTS)]
    data: Annotated[Fields, Field(description="What `trigger` holds.")] = Field(default_factory=dict)
    key: Annotated[str | None, Field(min_length=1, max_length=200, pattern=LINE, description="One run for each contact and key.")] = None


class EnrolledOut(Body):
    """What became of one of those named. `unknown`: there is no such contact."""

    contact: str
    outcome: Outcome


class EnrollOut(Body):
    """What became of each, in the order given, and the key under which they entered."""

    key: str
    outcomes: list[EnrolledOut]


class ShareOut(Body):
    """So many of so many; `rate` is null of none."""

    count: int
    of: int
    rate: float | None


class MachinesOut(Body):
    """What scanners and prefetch opened and clicked: counted nowhere else."""

    opened: int
    clicked: int


class MessagesOut(Body):
    """Messages sent, and what came back, as shares of them."""

    sent: int
    delivered: ShareOut
    bounced: ShareOut
    opened: ShareOut
    clicked: ShareOut
    replied: ShareOut
    unsubscribed: ShareOut
    complained: ShareOut
    machines: MachinesOut


class ConvertedOut(Body):
    """Conversions of those who entered, and of those held out."""

    treated: ShareOut
    held_out: ShareOut


class LiftOut(Body):
    """The difference of the two rates, where it lies with a certainty of 95 %, and what it is of the rate of the held out."""

    difference: float | None
    interval: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    relative: float | None
    method: str


class ReportOut(MessagesOut):
    """The figures of a campaign. `reasons` say why messages were not sent, or not yet, and people did not enter."""

    campaign: str
    since: str | None
    until: str | None
    entered: int
    held_out: int
    converted: ConvertedOut
    lift: LiftOut
    by: dict[Literal["message", "channel", "locale", "variant", "day"], dict[str, MessagesOut]]
    reasons: dict[str, dict[str, int]]


class SteeredOut(Body):
    """How the campaign stands now, as far as people decide it."""

    campaign: str
    state: Literal["paused", "resumed", "approved"]


def add_campaigns(api: APIRouter, site: Site) -> None:
    """The routes."""

    @api.post(
        "/campaigns/{name}/enroll", summary="Let people enter", tags=["campaigns"], responses=answers(400, 404, 409, 413, 415, 422),
        openapi_extra=for_task(Task.SEND),
    )
    def enroll(name: CampaignName, wanted: EnrollIn) -> EnrollOut:
        """Let people enter a live campaign, whatever its trigger: its audience is asked, re-entry and holdout hold."""
        campaign = _campaign(site, name)
        key = wanted.key or secrets.token_hex(16)
        found = {reference: site.people.find(reference) for reference in dict.fromkeys(wanted.contacts)}
        ids = [person.id for person in found.values() if person is not None]
        fates = site.steering.enroll(campaign, ids, data=wanted.data, key=key)
        site.intake.told()
        outcomes = [
            EnrolledOut(contact=reference,
            outcome=UNKNOWN if person is None else fates[person.id].value)  # type: ignore[arg-type]  # an enum's value is any text to the type checker
            for reference, person in found.items()
        ]
        return EnrollOut(key=key, outcomes=outcomes)

    _add_steering(api, site)
    _add_report(api, site)


def _add_steering(api: APIRouter, site: Site) -> None:
    @api.post("/campaigns/{name}/pause", summary="Pause it", tags=["campaigns"], responses=answers(404), openapi_extra=for_task(Task.STEER))
    def pause(name: CampaignName) -> SteeredOut:
        """Stop its entries and hand-offs within 5 seconds; every run is kept. Safe to repeat."""
        site.steering.pause(_campaign(site, name).name)
        return SteeredOut(campaign=name, state="paused")

    @api.post(
        "/campaigns/{name}/resume", summary="Go on", tags=["campaigns"], responses=answers(404), openapi_extra=for_task(Task.STEER)
    )
    def resume(name: CampaignName) -> SteeredOut:
        """Take a pause back; what expired meanwhile is recorded as expired. Safe to repeat."""
        site.steering.resume(_campaign(site, name).name)
        site.intake.told()
        return SteeredOut(campaign=name, state="resumed")

    @api.post(
        "/campaigns/{name}/approve", summary="Let it go", tags=["campaigns"], responses=answers(404), openapi_extra=for_task(Task.APPROVE)
    )
    def approve(name: CampaignName) -> SteeredOut:
        """Let a campaign go that would reach more people than `guards.max_audience`. Safe to repeat."""
        site.steering.approve(_campaign(site, name).name)
        site.intake.told()
        return SteeredOut(campaign=name, state="approved")


def _add_report(api: APIRouter, site: Site) -> None:
    @api.get(
        "/campaigns/{name}/report", summary="How it did", tags=["campaigns"], responses=answers(404, 409),
        openapi_extra=for_task(Task.READ),
    )
    def report(
        name: CampaignName,
        since: Annotated[Moment | None, Query(description="Only what happened from this moment on.")] = None,
        until: Annotated[Moment | None, Query(description="Only what happened before this moment.")] = None,
    ) -> ReportOut:
        """Who entered, what became of their messages, by message, channel, locale, variant and day; and the lift over the control group.

        Messages are counted, not touches. What machines opened or clicked stands apart and counts nowhere else.
        """
        start, end = (at and within_years(what, at) for what, at in (("since", since), ("until", until)))
        found = site.reports.campaign(_campaign(site, name).name, since=start, until=end)
        return ReportOut.model_validate(campaign_json(found, since=start, until=end), strict=False)


def _campaign(site: Site, name: str) -> Campaign:
    """Raises Problem 404."""
    known = site.workspace().campaigns
    return known[known_name("campaign", name, known)]
