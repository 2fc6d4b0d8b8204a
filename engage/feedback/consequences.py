"""A response, its letter and what is known already -> what is written of it; None where it says nothing new. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import final

from engage.feedback.bounces import FULL_TIMES, FULL_WITHIN, Severity, severity
from engage.feedback.responses import Response
from engage.model.consent import decisive_line, lasting
from engage.model.contact import ChannelKind, Consent, Event
from engage.model.history import Kind, Touch
from engage.model.letter import Letter
from engage.model.responses import RESPONSES
from engage.model.values import moment_text
from engage.model.workspace import Settings

AHEAD = timedelta(minutes=5)
"""By how much another's clock may be ahead of ours; later moments are taken for now."""

ONCE = frozenset({Kind.DELIVERED, Kind.BOUNCED, Kind.COMPLAINED})
"""What a message does once, however often it is told; but that a worse bounce follows is news of the address."""

_WORSE = (Severity.FULL.value, Severity.HARD.value)
"""What says more of an address than that a mail bounced, the worst last."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What stands in the history and the ledger already: what came back of this delivery before, and the contact's consents.

    `full` are the moments at which this contact's mailbox was told to be full, by the same channel.
    """

    touches: Sequence[Touch] = ()
    lines: Sequence[Consent] = ()
    full: Sequence[datetime] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An address that goes on the suppression list."""

    address_key: str
    kind: ChannelKind
    reason: str
    at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """All that is written of one response, in one transaction."""

    touch: Touch
    event: Event | None = None
    block: Block | None = None
    withdrawal: Consent | None = field(default=None)


def consequences(response: Response, letter: Letter, known: Known, *, settings: Settings, now: datetime) -> Consequences | None:
    """What a response comes to; None where it was told before."""
    touch = _touch(response, letter, settings, now)
    if response.kind is Kind.UNSUBSCRIBED:
        if not _withdraws(touch, known):
            return None
    elif any(_same(touch, other) for other in known.touches):
        return None
    again = touch.kind in ONCE and any(other.kind is touch.kind for other in known.touches)
    event = None if response.machine or again else event_of(touch, received_at=now)
    if letter.fixed:  # staff: what they do with it says nothing of the contact that it is about
        return Consequences(touch=touch, event=event)
    return Consequences(
        touch=touch, event=event, block=_block(touch, letter, known, settings), withdrawal=_withdrawal(touch, response, letter, settings)
    )


def event_of(touch: Touch, *, received_at: datetime) -> Event:
    """The event of a touch that came back: its id is the same however often it is told."""
    if touch.kind not in RESPONSES:
        raise ValueError(f"{touch.kind} is nothing that comes back of a message")
    type_, url = RESPONSES[touch.kind], touch.detail.get("url")
    parts = [type_, str(touch.delivery_id or f"c{touch.contact_id}"), touch.channel or ""]
    if touch.kind is Kind.UNSUBSCRIBED:
        parts += [touch.purpose or "", str(touch.detail.get("by", "")), moment_text(touch.at)]
    elif touch.kind not in ONCE and "id" in touch.detail:
        parts.append(str(touch.detail["id"]))
    elif touch.kind not in ONCE:
        parts += [moment_text(touch.at), sha256(str(url or "").encode()).hexdigest()[:16]]
    told = {
        "message": touch.message, "campaign": touch.campaign, "channel": touch.channel, "url": None if url is None else str(url),
        "delivery_id": touch.delivery_id, "run_id": touch.run_id, "step": touch.step,
    }
    return Event(
        id=":".join(parts), type=type_, at=touch.at, contact_id=touch.contact_id, received_at=received_at,
        data={name: value for name, value in told.items() if value is not None},
    )


def _touch(response: Response, letter: Letter, settings: Settings, now: datetime) -> Touch:
    """Never before the message was handed over, whatever the provider's clock says, so that a wait for it does not pass it by."""
    told: dict[str, object] = {"machine": True} if response.machine else {}
    told |= {name: value for name, value in (("url", response.url), ("id", response.id)) if value is not None}
    if response.kind is Kind.BOUNCED:
        told["bounce"] = severity(response.reason).value
    if response.kind is Kind.UNSUBSCRIBED:
        by = response.by or _kind(letter, settings)
        told |= {} if by is None else {"by": by.value}
    at = response.at if response.at <= now + AHEAD else now
    return Touch(
        at=max(at, letter.handed_over_at or letter.at), contact_id=letter.contact_id, kind=response.kind, campaign=letter.campaign or None,
        version=letter.version or None, run_id=letter.run_id, delivery_id=letter.delivery_id, step=letter.step or None,
        message=letter.message, purpose=response.purpose or letter.purpose,
        channel=letter.channel, provider=letter.provider, reason=response.reason, locale=letter.locale, detail=told,
        private={} if response.text is None else {"text": response.text},
    )


def _same(touch: Touch, other: Touch) -> bool:
    if touch.kind is not other.kind:
        return False
    if touch.kind in ONCE:
        return touch.channel == other.channel and _badness(touch) <= _badness(other)
    if "id" in touch.detail and "id" in other.detail:
        return touch.detail["id"] == other.detail["id"]
    return (touch.at, touch.detail.get("url"), touch.detail.get("machine")) == (
        other.at, other.detail.get("url"), other.detail.get("machine")
    )


def _badness(bounce: Touch) -> int:
    """How much a bounce says of its address; 0 for what is none."""
    how_bad = bounce.detail.get("bounce")
    return _WORSE.index(how_bad) + 1 if how_bad in _WORSE else 0


def _withdraws(touch: Touch, known: Known) -> bool:
    """Whether an unsubscription is news: the first by this message, or the first since people granted anew; a pause is neither."""
    by = touch.detail.get("by")
    if not any((other.kind, other.purpose, other.detail.get("by")) == (touch.kind, touch.purpose, by) for other in known.touches):
        return True
    if touch.contact_id is None or touch.purpose is None or by is None:
        return False
    line = decisive_line(
        lasting(known.lines), contact_id=touch.contact_id, purpose=touch.purpose, kind=ChannelKind(str(by)), now=touch.at + AHEAD
    )
    return line is not None and line.granted and line.at <= touch.at


def _block(touch: Touch, letter: Letter, known: Known, settings: Settings) -> Block | None:
    kind = _kind(letter, settings)
    reason = _reason(touch, known)
    if reason is None or kind is None or letter.address_key is None:
        return None
    return Block(address_key=letter.address_key, kind=kind, reason=reason, at=touch.at)


def _reason(touch: Touch, known: Known) -> str | None:
    """Why the address goes on the suppression list; None where it does not."""
    if touch.kind is Kind.COMPLAINED:
        return "complaint"
    match touch.detail.get("bounce"):
        case Severity.HARD.value:
            return "hard_bounce"
        case Severity.FULL.value:
            recent = {at for at in known.full if abs(touch.at - at) <= FULL_WITHIN}
            return "mailbox_full" if len(recent) + 1 >= FULL_TIMES else None
        case _:
            return None


def _withdrawal(touch: Touch, response: Response, letter: Letter, settings: Settings) -> Consent | None:
    """What came through a message counts for everyone who shares its address; so only on that message's own kind of channel."""
    own = _kind(letter, settings)
    by = response.by or own
    if touch.kind not in (Kind.UNSUBSCRIBED, Kind.COMPLAINED) or by is None or touch.purpose is None or touch.contact_id is None:
        return None
    source = "complaint" if touch.kind is Kind.COMPLAINED else response.source
    return Consent(
        contact_id=touch.contact_id, purpose=touch.purpose, channel=by, granted=False, at=touch.at, source=source,
        address_key=letter.address_key if by is own else None,
    )


def _kind(letter: Letter, settings: Settings) -> ChannelKind | None:
    """The kind of channel that the letter went by; None where engage.yaml does not know the channel any more."""
    channel = settings.channels.get(letter.channel)
    return None if channel is None else channel.kind
