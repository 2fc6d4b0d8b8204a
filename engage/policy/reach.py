"""Checks 2 to 4 of the decision: by which channel, and at which address, this contact can and may be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import final

from engage.model.consent import decisive_line, is_allowed
from engage.model.contact import PREFERRED, Consent, Contact
from engage.model.delivery import Check, Facts, Intent
from engage.model.workspace import Channel, Settings
from engage.policy.addresses import why_unusable


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The channel that passed, with its address. A fixed recipient is staff: no consent, no limit, no quiet hours."""

    channel: Channel
    address: str
    fixed: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Why no channel passed: the reason of the one that came furthest, of equals the first on the list."""

    reason: str
    channel: str | None


def channel_order(names: Iterable[str], contact: Contact | None, settings: Settings) -> tuple[str, ...]:
    """The channels' names in order of preference, each once, with `preferred` replaced by the contact's own choice.

    That choice is a channel's name, or a kind, which stands for the first channel of that kind; it is passed over where it names
    nothing that is set up, or a channel with a fixed recipient.
    """
    order: dict[str, None] = {}
    for name in names:
        chosen = _preferred(contact, settings) if name == PREFERRED else name
        if chosen is not None:
            order.setdefault(chosen)
    return tuple(order)


def _preferred(contact: Contact | None, settings: Settings) -> str | None:
    wish = contact.text("preferred_channel") if contact else None
    open_to_contacts = {name: channel for name, channel in settings.channels.items() if channel.to is None}
    if wish in open_to_contacts:
        return wish
    return next((name for name, channel in open_to_contacts.items() if channel.kind == wish), None)


def reach(intent: Intent, contact: Contact, facts: Facts, *, now: datetime, settings: Settings, trail: list[Check]) -> Reached | Unreached:
    """The first channel that passes checks 2 to 4; writes one line a check and channel to `trail`.

    Channels whose provider refused the address before (`intent.tried`) are passed over. Where none is left to look at, the answer
    is `no_address`.
    """
    furthest, best = 0, Unreached(reason="no_address", channel=None)
    for name in channel_order(intent.channels, contact, settings):
        channel = settings.channels.get(name)
        checks = list(_channel_checks(name, channel, intent, contact, facts, now=now, settings=settings))
        trail.extend(check for check, _ in checks)
        last, reason = checks[-1]
        if reason is None and channel is not None:
            fixed_to = fixed_recipient(intent, channel)
            address = contact.address(channel.kind) or "" if fixed_to is None else fixed_to
            return Reached(channel=channel, address=address, fixed=fixed_to is not None)
        if last.number > furthest:
            furthest, best = last.number, Unreached(reason=reason or "no_address", channel=name)
    if not furthest:
        trail.append(Check(number=2, name="address", passed=False, why="none of the channels stands for a way to reach this contact"))
    return best


def fixed_recipient(intent: Intent, channel: Channel) -> str | None:
    """The address of staff to whom it goes, "" where the campaign's `to` came to nothing; None where it goes to the contact."""
    return channel.to if intent.to is None else intent.to


def _channel_checks(
    name: str, channel: Channel | None, intent: Intent, contact: Contact, facts: Facts, *, now: datetime, settings: Settings,
) -> Iterator[tuple[Check, str | None]]:
    """The checks of one channel with the reason for a no; ends with the first no."""
    unusable = _why_no_address(name, channel, intent, contact, facts)
    yield _line(2, "address", name, unusable and unusable[1], "the address is usable"), unusable and unusable[0]
    if unusable or channel is None:
        return
    if fixed_recipient(intent, channel) is not None:
        if intent.purpose not in settings.purposes:
            yield Check(number=4, name="consent", passed=False, why=_undeclared(intent), channel=name), "no_consent"
        return
    listed = facts.suppressed.get(channel.kind)
    no = f"the {channel.kind} address is on the suppression list ({listed})" if listed is not None else None
    yield _line(3, "suppression", name, no, "the address is on no suppression list"), no and "suppressed"
    if no:
        return
    allowed, why = _consent(channel, intent, contact, facts, now=now, settings=settings)
    yield Check(number=4, name="consent", passed=allowed, why=why, channel=name), None if allowed else "no_consent"


def _line(number: int, name: str, channel: str, no: str | None, yes: str) -> Check:
    return Check(number=number, name=name, passed=no is None, why=no or yes, channel=channel)


def _why_no_address(name: str, channel: Channel | None, intent: Intent, contact: Contact, facts: Facts) -> tuple[str, str] | None:
    """Reason and sentence, or None where the address is usable."""
    if channel is None:
        return "no_address", f"no channel is called {name}"
    if name in intent.tried:
        return "no_address", "the provider refused the address"
    fixed_to = fixed_recipient(intent, channel)
    no = why_unusable(contact.address(channel.kind) if fixed_to is None else fixed_to, channel.kind, channel.countries)
    if no:
        return "no_address", no if fixed_to is None else no.replace("the contact has", "there is")
    if fixed_to is None and channel.kind in facts.duplicates:
        return "duplicate", f"another contact with the same {channel.kind} address got this message on the same occasion"
    return None


def _consent(
    channel: Channel, intent: Intent, contact: Contact, facts: Facts, *, now: datetime, settings: Settings,
) -> tuple[bool, str]:
    purpose = settings.purposes.get(intent.purpose)
    if purpose is None:
        return False, _undeclared(intent)
    basis = purpose.consent[channel.kind]
    line = decisive_line(facts.consents, contact_id=contact.id, purpose=purpose.name, kind=channel.kind, now=now)
    return is_allowed(basis, line), f"{purpose.name} by {channel.kind} is {basis}: {_said(line)}"


def _undeclared(intent: Intent) -> str:
    return f"the purpose {intent.purpose} is no longer declared"


def _said(line: Consent | None) -> str:
    if line is None:
        return "nothing is on record"
    word = "granted" if line.granted else "withdrawn" if line.expires_at is None else "paused"
    until = f" until {line.expires_at:%Y-%m-%d %H:%M} UTC" if line.expires_at is not None else ""
    return f"{word} {line.at:%Y-%m-%d %H:%M} UTC{until} by {line.source}"
