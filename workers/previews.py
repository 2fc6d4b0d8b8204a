"""`engage preview` and `engage send`: a message rendered by the sending code, for a contact of the database or a made-up one.

What a run would hand to the template is made up of what engage.yaml and the campaign that sends the message declare.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import final

from engage.channels import load_channels
from engage.cli.app import Preview
from engage.cli.people import contact_named
from engage.contacts.zones import resolve
from engage.delivery.trial import hand_over_once
from engage.model.campaign import Campaign
from engage.model.contact import AttributeKind, Contact, Money, Value
from engage.model.delivery import Approved, Facts, Intent, Receipt, Rendered
from engage.model.errors import InputError, NotThereError, SendError, nearest
from engage.model.localtime import local, zone
from engage.model.run import Run, RunState
from engage.model.steps import Call, Send, WaitFor, every_send, every_step
from engage.model.triggers import ManualTrigger, ScheduleTrigger, trigger_kinds
from engage.model.values import pack, to_json
from engage.model.workspace import Channel, Workspace
from engage.policy import decide
from engage.rules.expressions import Lookup
from engage.rules.scopes import bind, scope, typed
from engage.templates import Templates
from workers.loop import LoopThread
from workers.wiring import Wired

SENT = "sent"
MADE_UP = {"first_name": "Ana", "last_name": "Novak", "company": "Example", "city": "Ljubljana", "country": "SI", "status": "active"}


def preview(wired: Wired, message: str, *, contact: str | None, locale: str | None, channel: str | None) -> Preview:
    """The message as the sending code renders it. Raises InputError, RenderError."""
    asked = Asked.of(wired, message, contact=contact, channel=channel)
    draft = asked.templates().render_for(
        message, channel_kind=asked.channel.kind, channel_name=asked.channel.name, contact=asked.contact, trigger=asked.trigger,
        values=asked.values, now=asked.now, purpose=asked.purpose, links=asked.templates().links(0, asked.contact.id, asked.purpose),
        campaign=asked.campaign.name if asked.campaign else None, locale=locale, lookup=asked.lookup,
    )
    return Preview(channel=asked.channel.name, locale=draft.locale, content=draft.content)


def send_test(wired: Wired, message: str, *, to: str, contact: str | None, locale: str | None, channel: str | None) -> str:
    """Hand the message over to an address of one's own; what the provider said. Raises InputError, RenderError, NotThereError.

    It is decided like any message to a fixed recipient: `guards.only_to` and pauses hold for it too.
    """
    asked = Asked.of(wired, message, contact=contact, channel=channel)
    approved = asked.approved(to)
    # Staff read the workspace's language: the one asked for stands in for it.
    speaking = asked.workspace if locale is None else _in_language(asked.workspace, locale)
    rendered = Templates(speaking, secret=asked.secret).render(approved, now=asked.now, lookup=asked.lookup)
    receipt = _handed_over(rendered, asked, domain=wired.identity.domain)
    known = f", which calls it {receipt.provider_id}" if receipt.provider_id else ""
    return f"{message} in {rendered.locale} was handed to {approved.channel}{known}"


def _handed_over(rendered: Rendered, asked: Asked, *, domain: str) -> Receipt:
    """Raises NotThereError where none of the channel's providers took it."""
    adapters, loop, name = load_channels(asked.workspace.settings), LoopThread(), f"test.{secrets.token_hex(12)}"
    ways = [adapters[way.key] for way in asked.channel.ways]
    try:
        return loop.run(hand_over_once(rendered, ways, message_id=f"<{name}@{domain}>", idempotency_key=name, promotional=False))
    except SendError as error:
        raise NotThereError(f"{asked.channel.name} did not take it ({type(error).__name__}): {error.detail}") from error
    finally:
        for way in ways:
            loop.run(way.close())
        loop.close()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One message for one reader by one channel, with all that its template may ask for."""

    message: str
    workspace: Workspace
    secret: bytes
    now: datetime
    contact: Contact
    channel: Channel
    purpose: str
    campaign: Campaign | None
    trigger: Mapping[str, object]
    values: Mapping[str, object]
    lookup: Lookup

    @classmethod
    def of(cls, wired: Wired, message: str, *, contact: str | None, channel: str | None) -> Asked:
        """Raises InputError where there is no such message, contact or channel."""
        workspace, now = wired.workspace, wired.clock.now()
        campaign, step = next(_sends_of(workspace, message), (None, None))
        reader = _made_up(workspace, now) if contact is None else contact_named(wired, contact)
        kinds = {} if campaign is None else trigger_kinds(campaign.trigger, workspace.settings.events)
        by = _channel(wired.templates, workspace, message, step, channel)
        handed = step.with_ if step is not None else {}
        guesses = {
            name: wired.templates.guessed(message, channel_kind=by.kind, channel_name=by.name, root=name, handed=handed)
            for name in _unforeseen(campaign)
        }
        sample: dict[str, object] = {name: to_json(_sample(kind, now)) for name, kind in (kinds or {}).items()}
        sample.update(guesses.pop("trigger", {}))
        named = {} if campaign is None else {**_named(workspace, campaign, now), **guesses}
        if campaign is not None and isinstance(campaign.trigger, ScheduleTrigger):
            sample["at"] = local(now, zone(workspace.settings.timezone)).isoformat(timespec="seconds")
        lookup = wired.inquiry.lookup(reader.id, now=now)
        return cls(
            message=message, workspace=workspace, secret=wired.database.secret(), now=now, contact=reader, campaign=campaign,
            channel=by, trigger=typed(sample, kinds),
            purpose=step.purpose if step is not None else next(iter(workspace.settings.purposes), ""),
            values={} if campaign is None or step is None else _values(workspace, campaign, step, reader, sample, named, now, lookup),
            lookup=lookup,
        )

    def templates(self) -> Templates:
        """The workspace's templates."""
        return Templates(self.workspace, secret=self.secret)

    def approved(self, to: str) -> Approved:
        """The decision about a message to a fixed recipient. Raises InputError where it says no."""
        intent = Intent(
            id=0, run_id=None, campaign="", version="", step="", message=self.message, purpose=self.purpose, contact_id=self.contact.id,
            channels=(self.channel.name,), intended_at=self.now, due_at=self.now, expires_at=self.now + timedelta(hours=1), to=to,
            trigger=self.trigger, values=self.values,
        )
        decision = decide(intent, Facts(contact=self.contact), now=self.now, settings=self.workspace.settings, campaign=None)
        if not isinstance(decision, Approved):
            said = "; ".join(check.why for check in decision.trail if not check.passed)
            raise InputError.of(f"it may not be sent there: {said}", file="<command line>")
        return decision


def _unforeseen(campaign: Campaign | None) -> Iterator[str]:
    """The names of records of which only the caller knows the fields."""
    if campaign is not None and isinstance(campaign.trigger, ManualTrigger):
        yield "trigger"
    for step in every_step(campaign.steps if campaign is not None else ()):
        if isinstance(step, Call) and step.as_:
            yield step.as_


def _sends_of(workspace: Workspace, message: str) -> Iterator[tuple[Campaign, Send]]:
    for campaign in workspace.campaigns.values():
        for send in every_send(campaign.steps):
            if send.message == message:
                yield campaign, send


def _made_up(workspace: Workspace, now: datetime) -> Contact:
    settings = workspace.settings
    declared = {name: _sample(kind, now) for name, kind in settings.attributes.items()}
    zones = resolve(timezone=settings.timezone, phone=None, country=None, workspace=settings.timezone)
    return Contact(id=0, attributes={**MADE_UP, "locale": settings.locale, **declared}, zones=zones)


def _channel(templates: Templates, workspace: Workspace, message: str, step: Send | None, asked: str | None) -> Channel:
    channels = workspace.settings.channels
    if asked is not None:
        if asked not in channels:
            raise _unknown("channel", asked, channels)
        return channels[asked]
    if message not in templates.messages():
        raise _unknown("message", message, templates.messages())
    order = [*(step.channels if step is not None else ()), *channels]
    found = next((name for name in order if name in channels and templates.catalogue.languages(message, name, channels[name].kind)), None)
    if found is None:
        raise InputError.of(f"{message} has no template for any channel of engage.yaml", file="<command line>")
    return channels[found]


def _values(
    workspace: Workspace, campaign: Campaign, step: Send, contact: Contact, trigger: Mapping[str, object], named: Mapping[str, object],
    now: datetime, lookup: Lookup,
) -> Mapping[str, object]:  # fmt: skip
    """What the run would hand over: names given by `as` before this step, and the step's `with`."""
    run = Run(
        id=0, campaign=campaign.name, version=campaign.version, contact_id=contact.id, key="preview", state=RunState.ACTIVE, entered_at=now,
        intended_at=now, position=step.path, since=now, due_at=None, trigger=trigger,
        variables={name: pack(value) for name, value in named.items()},
    )
    names = scope(workspace, contact=contact, now=now, lookup=lookup, campaign=campaign, run=run)
    return {**named, **{name: bind(binding, names) for name, binding in step.with_.items()}}


def _named(workspace: Workspace, campaign: Campaign, now: datetime) -> Mapping[str, object]:
    named: dict[str, object] = {}
    for step in every_step(campaign.steps):
        if isinstance(step, WaitFor) and step.as_:
            fields = workspace.settings.events.get(step.event, {})
            named[step.as_] = {name: _sample(kind, now) for name, kind in fields.items()}
        elif isinstance(step, Send) and step.as_:
            named[step.as_] = SENT
    return named


def _in_language(workspace: Workspace, locale: str) -> Workspace:
    return replace(workspace, settings=replace(workspace.settings, locale=locale))


def _sample(kind: AttributeKind, now: datetime) -> Value:
    samples: Mapping[AttributeKind, Value] = {
        AttributeKind.TEXT: "example", AttributeKind.NUMBER: 5, AttributeKind.BOOLEAN: True, AttributeKind.DATE: now.date(),
        AttributeKind.DATETIME: now, AttributeKind.LIST: ("example",), AttributeKind.MONEY: Money(amount=Decimal("12.30"), currency="EUR"),
    }
    return samples[kind]


def _unknown(what: str, name: str, known: Collection[str]) -> InputError:
    there_are = ", ".join(known) or "none"
    return InputError.of(f"there is no {what} {name!r}; there are: {there_are}", file="<command line>", suggestion=nearest(name, known))
