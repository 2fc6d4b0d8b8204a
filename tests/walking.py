"""A run that a test moves on, with what its transaction would answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engage.model.campaign import Campaign
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, Event
from engage.model.delivery import DeliveryState
from engage.model.expression import Expression
from engage.model.run import Run
from engage.planning.journeys import advance
from engage.planning.progress import Journey, Progress
from engage.planning.requests import NewDelivery, Part
from engage.rules.expressions import Names, parse
from tests.builders import HERE, NOON, a_contact, a_run, a_workspace


class NoLookup:
    """Nothing was ever said or done."""

    def has_consent(self, purpose: str, channel: str) -> bool:
        return False

    def in_segment(self, name: str) -> bool:
        return False

    def touched(self, **asked: object) -> bool:
        return False

    def events(self, type_: str, **asked: object) -> int:
        return 0


NAMES = Names(
    attributes={**BUILT_IN_ATTRIBUTES, "birth_date": AttributeKind.DATE, "plan": AttributeKind.TEXT},
    trigger={"ticket_id": AttributeKind.TEXT},
    event={"ticket_id": AttributeKind.TEXT, "score": AttributeKind.NUMBER},
    variables={"answer": {"score": AttributeKind.NUMBER}, "first": None},
)


def expression(source: str) -> Expression:
    """An expression of a campaign that a closed ticket enters."""
    return parse(source, place=HERE, names=NAMES)


def journey(campaign: Campaign, *, now: datetime = NOON, events: Sequence[Event] = (), **changes: Any) -> Journey:
    """Ana's way through the campaign; these events are hers."""
    known = Journey(
        workspace=a_workspace(campaign), campaign=campaign, contact=a_contact(), now=now, lookup=NoLookup(),
        events_since=lambda types, since: [event for event in events if event.type in types and event.at >= since],
    )
    return replace(known, **changes)


def go(campaign: Campaign, run: Run | None = None, *, now: datetime = NOON, events: Sequence[Event] = (), **changes: Any) -> Progress:
    """The run further on; a new one where none is given."""
    run = run or a_run(campaign=campaign.name, trigger={"ticket_id": "T-1", "event_id": "e1"})
    return advance(run, journey(campaign, now=now, events=events, **changes))


def a_part(new: NewDelivery, state: DeliveryState, **changes: Any) -> Part:
    """The delivery, as it stands later."""
    part = Part(id=70 + new.part, step=new.step, part=new.part, channels=new.channels, state=state, expires_at=new.expires_at)
    return replace(part, **changes)
