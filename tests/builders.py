"""Nouns with sane defaults: a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from engage.model.campaign import Campaign, Status
from engage.model.contact import AttributeKind, ChannelKind, Contact, Event
from engage.model.content import EmailContent
from engage.model.delivery import Approved, Cleared, Intent, Links, LocaleSource, Rendered
from engage.model.errors import Place
from engage.model.run import Run, RunState
from engage.model.steps import Send
from engage.model.time import Duration, Zones, ZoneSource
from engage.model.triggers import DateTrigger, EventTrigger
from engage.model.workspace import Basis, Channel, Company, Purpose, Settings, Workspace

NOON = datetime(2026, 2, 25, 12, 0, tzinfo=UTC)
HERE = Place(file="campaigns/test.yaml", line=1, column=1)


def zones(*names: str) -> Zones:
    """Where somebody lives, known from the contact."""
    return Zones(key=names[0], names=names, source=ZoneSource.CONTACT)


def a_contact(*, id: int = 1, zone: str = "Europe/Ljubljana", **attributes: Any) -> Contact:
    """Ana, who lives in Ljubljana and reads Slovenian."""
    known: dict[str, Any] = {
        "external_id": "ana", "email": "ana@example.com", "phone": "+38640123456", "chat_id": "U012345", "first_name": "Ana",
        "locale": "sl", "timezone": zone, "country": "SI", "status": "active",
    }
    present = {name: value for name, value in {**known, **attributes}.items() if value is not None}
    return Contact(id=id, attributes=present, zones=zones(zone))


def an_intent(**changes: Any) -> Intent:
    """A birthday wish that is due at noon."""
    intent = Intent(
        id=7, run_id=3, campaign="birthday", version="v1", step="0", message="birthday", purpose="care", contact_id=1,
        channels=("email", "sms"), intended_at=NOON, due_at=NOON, expires_at=NOON + (NOON - NOON.replace(hour=0)),
    )
    return replace(intent, **changes)


def an_approved(**changes: Any) -> Approved:
    """The wish, approved for Ana's mail address."""
    approved = Approved(
        intent=an_intent(), contact=a_contact(), channel="email", kind=ChannelKind.EMAIL, address="ana@example.com", trail=()
    )
    return replace(approved, **changes)


def a_rendered(**changes: Any) -> Rendered:
    """The wish in Slovenian."""
    links = Links(unsubscribe="https://e.example/u/1", preferences="https://e.example/p/1", view="https://e.example/v/1")
    rendered = Rendered(
        approved=an_approved(), content=EmailContent(subject="Vse najboljše, Ana!", text="Vse najboljše!", html="<p>Vse najboljše!</p>"),
        locale="sl", locale_source=LocaleSource.CONTACT, links=links,
    )
    return replace(rendered, **changes)


def a_cleared(**changes: Any) -> Cleared:
    """The wish, cleared."""
    cleared = Cleared(rendered=a_rendered(), message_id="<d7.abc@aurora.example>", idempotency_key="d7.abc", promotional=True)
    return replace(cleared, **changes)


def a_purpose(name: str = "care", **changes: Any) -> Purpose:
    """A purpose that asks no opt-in."""
    return replace(Purpose(name=name, title=name.title(), consent=dict.fromkeys(ChannelKind, Basis.OPT_OUT)), **changes)


def a_channel(name: str = "email", kind: ChannelKind | None = None, **changes: Any) -> Channel:
    """A channel through the console."""
    sender = "Aurora <hello@aurora.example>"
    return replace(Channel(name=name, kind=kind or ChannelKind(name), adapter="console", sender=sender), **changes)


def some_settings(**changes: Any) -> Settings:
    """Aurora's settings: email, sms and chat, and two purposes."""
    settings = Settings(
        company=Company(name="Aurora Outfitters", address="Trubarjeva 1, 1000 Ljubljana, Slovenia"),
        public_url="https://engage.example.com", timezone="Europe/Ljubljana",
        attributes={"birth_date": AttributeKind.DATE, "plan": AttributeKind.TEXT},
        events={
            "ticket.closed": {"ticket_id": AttributeKind.TEXT}, "ticket.reopened": {"ticket_id": AttributeKind.TEXT},
            "csat.answered": {"ticket_id": AttributeKind.TEXT, "score": AttributeKind.NUMBER},
        },
        purposes={
            "care": a_purpose(), "service": a_purpose("service", consent=dict.fromkeys(ChannelKind, Basis.NONE), on_unknown="resend"),
        },
        channels={name: a_channel(name) for name in ("email", "sms", "chat")},
    )
    return replace(settings, **changes)


def a_send(path: str = "0", **changes: Any) -> Send:
    """The step that sends the birthday wish."""
    send = Send(
        path=path, place=HERE, message="birthday", channels=("email", "sms"), purpose="care", expires=Duration(days=7)
    )
    return replace(send, **changes)


def a_campaign(*steps: Any, **changes: Any) -> Campaign:
    """A live birthday campaign."""
    campaign = Campaign(
        name="birthday", version="v1", title="Birthday wishes", purpose="care", status=Status.LIVE,
        trigger=DateTrigger(attribute="birth_date", at=time(9)), steps=steps or (a_send(),), channels=("email", "sms"),
    )
    return replace(campaign, **changes)


def a_ticket_campaign(*steps: Any, **changes: Any) -> Campaign:
    """A live campaign that a closed ticket enters."""
    return a_campaign(*steps, name="follow_up", trigger=EventTrigger(event="ticket.closed"), **changes)


def a_workspace(*campaigns: Campaign, **changes: Any) -> Workspace:
    """A workspace of these campaigns."""
    workspace = Workspace(hash="w1", files={}, settings=some_settings(), campaigns={campaign.name: campaign for campaign in campaigns})
    return replace(workspace, **changes)


def a_run(**changes: Any) -> Run:
    """A run that has just entered."""
    run = Run(
        id=3, campaign="birthday", version="v1", contact_id=1, key="birth_date:2026", state=RunState.ACTIVE, entered_at=NOON,
        intended_at=NOON, position="0", since=NOON, due_at=NOON,
    )
    return replace(run, **changes)


def an_event(**changes: Any) -> Event:
    """A closed ticket of Ana's."""
    return replace(Event(id="e1", type="ticket.closed", at=NOON, data={"ticket_id": "T-1"}, contact_id=1), **changes)
