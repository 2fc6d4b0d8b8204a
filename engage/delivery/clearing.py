"""What one clearing transaction lets go, and whether it is still what was rendered: Candidates, read anew -> Cleared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import final

from engage.delivery.breaker import LOOK_AGAIN
from engage.delivery.equipment import Identity
from engage.delivery.judging import Judge
from engage.delivery.ports import Candidate, Clearance, Settlement
from engage.delivery.preparing import stumbled
from engage.delivery.settling import put_back, settle_decision, settle_outranked
from engage.model.addresses import normalise
from engage.model.contact import ChannelKind
from engage.model.delivery import Approved, Cleared, HandOff, Intent, Rendered
from engage.model.making import changed
from engage.model.workspace import Channel, Workspace

Cleareds = Mapping[int, tuple[Cleared, str]]
"""What goes, by delivery, with the row's `on_unknown`."""

Lane = tuple[str, str | None]
"""A channel, and the one provider of it that may be given the message, where it is only one."""


_NO_COPIES: frozenset[ChannelKind] = frozenset()


@final
class Going:
    """What one clearing transaction lets go so far: the next candidate of the same contact, or to the same address, must know.

    `way`: by which all of them go; where there is none, none goes, and what is found to be well is looked at `again_in` so many seconds.
    """

    def __init__(
        self, slice_: Sequence[Rendered], workspace: Workspace, identity: Identity, *, way: Channel | None, again_in: float = LOOK_AGAIN,
    ) -> None:
        self._way = way
        self._again_in = again_in
        self._rendered = {message.approved.intent.id: message for message in slice_}
        self._workspace = workspace
        self._identity = identity
        self._promotional: dict[tuple[str, ChannelKind], bool] = {}
        self._hand_offs: dict[int, tuple[HandOff, ...]] = {}
        self._copies: set[tuple[str, ChannelKind, str]] = set()
        self.cleared: dict[int, tuple[Cleared, str]] = {}
        self.settlements: list[Settlement] = []

    def decide(self, candidate: Candidate, judge: Judge, now: datetime) -> None:
        """Ask again whether this one may go. One message with which we make a mistake stops no other."""
        if candidate.outranked:
            self.settlements.append(settle_outranked(candidate.intent))
            return
        try:
            decision = judge.decide(self.known_to(candidate))
            message = self._rendered[candidate.intent.id]
            if not isinstance(decision, Approved):
                self.settlements.append(settle_decision(decision, now=now))
            elif self._way is None:
                self.settlements.append(put_back(candidate.intent, self._again_in))
            elif is_same(decision, message.approved):
                self._add(candidate, decision, self._cleared(message), now)
            # else: what was rendered is not what may be sent now; the row goes back with the lease and is rendered again
        except Exception as error:  # noqa: BLE001  # as the docstring says
            self.settlements.append(stumbled(candidate.intent, error, now))

    def clearances(self) -> Sequence[Clearance]:
        """What the store is told of those that go."""
        provider = self._way.provider if self._way is not None else ""
        return [
            Clearance(delivery_id=delivery_id, channel=approved.channel, provider=provider, address=approved.address)
            for delivery_id, (cleared, _) in self.cleared.items() for approved in (cleared.rendered.approved,)
        ]

    def known_to(self, candidate: Candidate) -> Candidate:
        """The candidate, told what is going already."""
        facts, intent = candidate.facts, candidate.intent
        earlier = self._hand_offs.get(intent.contact_id, ())
        copies = self._copied(candidate) if intent.send_key and self._copies else _NO_COPIES
        if not earlier and not copies:
            return candidate
        return changed(candidate, facts=changed(facts, hand_offs=facts.hand_offs + earlier, duplicates=facts.duplicates | copies))

    def _copied(self, candidate: Candidate) -> frozenset[ChannelKind]:
        """All of them go by one channel, and so to one kind of address."""
        contact, intent = candidate.facts.contact, candidate.intent
        kind = self._way.kind if self._way is not None else None
        address = contact.address(kind) if contact is not None and kind is not None else None
        if kind is None or address is None or _copy(intent, kind, address) not in self._copies:
            return _NO_COPIES
        return frozenset({kind})

    def _add(self, candidate: Candidate, approved: Approved, cleared: Cleared, now: datetime) -> None:
        intent = candidate.intent
        self.cleared[intent.id] = (cleared, candidate.on_unknown)
        hand_off = HandOff(at=now, campaign=intent.campaign, purpose=intent.purpose, delivery_id=intent.id, occasion=intent.occasion)
        self._hand_offs[intent.contact_id] = (*self._hand_offs.get(intent.contact_id, ()), hand_off)
        if intent.send_key:
            self._copies.add(_copy(intent, approved.kind, approved.address))

    def _cleared(self, message: Rendered) -> Cleared:
        intent, kind = message.approved.intent, message.approved.kind
        message_id, idempotency_key = self._identity.names(intent.id)
        return Cleared(
            rendered=message, message_id=message_id, idempotency_key=idempotency_key,
            promotional=intent.to is None and self._is_promotional(intent.purpose, kind),
        )

    def _is_promotional(self, purpose: str, kind: ChannelKind) -> bool:
        known = self._promotional.get((purpose, kind))
        if known is None:
            known = self._promotional[purpose, kind] = not self._workspace.settings.purposes[purpose].is_transactional(kind)
        return known


def _copy(intent: Intent, kind: ChannelKind, address: str) -> tuple[str, ChannelKind, str]:
    """What one copy goes out of: the message of an occurrence, to an address however it is spelt."""
    return intent.send_key, kind, normalise(kind, address)


def is_same(now: Approved, then: Approved) -> bool:
    """Whether what was rendered is what may be sent: the same way, to the same address, about the same person."""
    same_person = now.contact is then.contact or now.contact == then.contact
    return same_person and (now.channel, now.address) == (then.channel, then.address)


def in_turns(rendered: Iterable[Rendered]) -> Iterable[Sequence[Rendered]]:
    """The messages by channel, in turns: of one contact's none comes before those that stand before it here, whatever their channels.

    Those that only one provider may be given stand apart: they neither wait for the others' nor keep them waiting for theirs.
    """
    last: dict[int, tuple[int, Lane]] = {}
    turns: dict[tuple[int, Lane], list[Rendered]] = {}
    for message in rendered:
        intent = message.approved.intent
        lane, contact_id = (message.approved.channel, intent.bound_to), intent.contact_id
        turn, before = last.get(contact_id, (0, lane))
        last[contact_id] = (turn + (lane != before), lane)
        turns.setdefault(last[contact_id], []).append(message)
    return [turns[key] for key in sorted(turns, key=lambda key: key[0])]
