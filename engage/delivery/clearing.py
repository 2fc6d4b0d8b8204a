"""What one clearing transaction lets go, and whether it is still what was rendered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import final

from engage.delivery.ports import Candidate, Clearance
from engage.model.addresses import normalise
from engage.model.contact import ChannelKind
from engage.model.delivery import Approved, Cleared, HandOff, Intent, Rendered


@final
class Going:
    """What one clearing transaction lets go so far: the next candidate of the same contact, or to the same address, must know."""

    def __init__(self) -> None:
        self.cleared: dict[int, tuple[Cleared, str]] = {}
        self._hand_offs: dict[int, list[HandOff]] = {}
        self._copies: set[tuple[str, ChannelKind, str]] = set()

    def known_to(self, candidate: Candidate) -> Candidate:
        """The candidate, told what is going already."""
        facts, intent = candidate.facts, candidate.intent
        if facts.contact is None:
            return candidate
        addresses = {kind: facts.contact.address(kind) for kind in ChannelKind}
        copies = {kind for kind, address in addresses.items() if address and _copy(intent, kind, address) in self._copies}
        earlier = tuple(self._hand_offs.get(intent.contact_id, ()))
        return replace(candidate, facts=replace(facts, hand_offs=facts.hand_offs + earlier, duplicates=facts.duplicates | copies))

    def add(self, candidate: Candidate, approved: Approved, cleared: Cleared, now: datetime) -> None:
        """Let it go."""
        intent = candidate.intent
        self.cleared[intent.id] = (cleared, candidate.on_unknown)
        hand_off = HandOff(at=now, campaign=intent.campaign, purpose=intent.purpose, delivery_id=intent.id, occasion=intent.occasion)
        self._hand_offs.setdefault(intent.contact_id, []).append(hand_off)
        if intent.send_key:
            self._copies.add(_copy(intent, approved.kind, approved.address))

    @staticmethod
    def clearance(cleared: Cleared) -> Clearance:
        """What the store is told of one that goes."""
        approved = cleared.rendered.approved
        return Clearance(delivery_id=approved.intent.id, channel=approved.channel, address=approved.address)


def _copy(intent: Intent, kind: ChannelKind, address: str) -> tuple[str, ChannelKind, str]:
    """What one copy goes out of: the message of an occurrence, to an address however it is spelt."""
    return intent.send_key, kind, normalise(kind, address)


def is_same(now: Approved, then: Approved) -> bool:
    """Whether what was rendered is what may be sent: the same way, to the same address, about the same person."""
    return (now.channel, now.address, now.contact) == (then.channel, then.address, then.contact)


def in_turns(rendered: Iterable[Rendered]) -> Iterable[Sequence[Rendered]]:
    """The messages by channel, in turns: of one contact's none comes before those that stand before it here, whatever their channels."""
    last: dict[int, tuple[int, str]] = {}
    turns: dict[tuple[int, str], list[Rendered]] = {}
    for message in rendered:
        channel, contact_id = message.approved.channel, message.approved.intent.contact_id
        turn, before = last.get(contact_id, (0, channel))
        last[contact_id] = (turn + (channel != before), channel)
        turns.setdefault(last[contact_id], []).append(message)
    return [turns[key] for key in sorted(turns, key=lambda key: key[0])]
