"""What people decide of deliveries that ended ill: failed, or unknown. Chosen ones -> sent again, or written as what they came to.

Sent again, a delivery is the same one: its id, its Message-ID and its Idempotency-Key stay, and it goes through the whole decision
anew. Its run is told nothing of it where it has gone on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, final

from engage.model.delivery import DeliveryState

AT_ONCE = 500
"""How many deliveries are decided in one transaction."""

IllState = Literal[DeliveryState.FAILED, DeliveryState.UNKNOWN]
ILL: tuple[IllState, ...] = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


class Verdict(StrEnum):
    """AGAIN sends it again. SENT and FAILED settle an unknown one as people know it to be."""

    AGAIN = "again"
    SENT = "sent"
    FAILED = "failed"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EndedIll:
    """A delivery that failed or is unknown, as its last touch tells of it. `contact` is the label of its contact, never an address.

    `answer` is what its provider said, where it was asked and does not have it (`absent`), or why nobody can know.
    """

    id: int
    state: IllState
    campaign: str
    message: str
    contact: str
    at: datetime
    expires_at: datetime
    channel: str | None = None
    provider: str | None = None
    reason: str | None = None
    step: str | None = None
    answer: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which deliveries are meant: those that meet all that is given. `since` and `until` are about when they ended, half open."""

    states: tuple[IllState, ...] = ILL
    ids: tuple[int, ...] = ()
    campaign: str | None = None
    message: str | None = None
    channel: str | None = None
    provider: str | None = None
    reason: str | None = None
    contact_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to become of them, who says so, and when they expire at the earliest where they are sent again."""

    verdict: Verdict
    by: str
    now: datetime
    expires_at: datetime | None = None

    def expiry_of(self, delivery: EndedIll) -> datetime:
        """When the delivery expires from then on."""
        return max(delivery.expires_at, self.expires_at or delivery.expires_at)

    def objection(self, delivery: EndedIll) -> str | None:
        """Why it cannot become of this delivery; None where it can."""
        if self.verdict is Verdict.AGAIN:
            return "expired" if self.expiry_of(delivery) <= self.now else None
        return None if delivery.state is DeliveryState.UNKNOWN else "not unknown"


class IllEnded(Protocol):
    """Deliveries that ended ill.

    Implementers must decide each delivery once, however many people decide at once, and write the decision with its touch.
    """

    def find(self, choice: Choice, *, after: int = 0, limit: int = AT_ONCE) -> Sequence[EndedIll]:
        """The chosen ones with a higher id than `after`, in the order of their ids."""
        ...

    def decide(self, deliveries: Sequence[EndedIll], order: Order) -> frozenset[int]:
        """Let it become of them, in one transaction; the ids of those of which nobody else decided before."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A chosen delivery, and what became of it: None where the order holds for it, else why not."""

    delivery: EndedIll
    objection: str | None


def review(ill: IllEnded, choice: Choice, order: Order, *, carry_out: bool) -> Iterable[Reviewed]:
    """Carry the order out over all that are chosen, by the hundreds, or only tell what it would come to."""
    after = 0
    while found := ill.find(choice, after=after):
        after = found[-1].id
        objections = {delivery.id: order.objection(delivery) for delivery in found}
        if carry_out:
            objections |= _carry_out(ill, [delivery for delivery in found if objections[delivery.id] is None], order)
        for delivery in found:
            yield Reviewed(delivery=delivery, objection=objections[delivery.id])


def _carry_out(ill: IllEnded, free: Sequence[EndedIll], order: Order) -> Mapping[int, str | None]:
    decided = ill.decide(free, order) if free else frozenset()
    return {delivery.id: None if delivery.id in decided else "decided by somebody else" for delivery in free}
