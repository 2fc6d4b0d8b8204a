"""What the conductor needs: rows under a lease, channels, a renderer. It sees these ports only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, final, runtime_checkable

from engage.model.contact import ChannelKind
from engage.model.delivery import Approved, Cleared, DeliveryState, Facts, Given, Intent, Receipt, Rendered
from engage.model.errors import SendError
from engage.model.history import Touch
from engage.model.making import made_often
from engage.rules.expressions import Lookup


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A batch in hand. `id` is the fencing token: whoever writes with a lease that has ended writes nothing (LeaseLost).

    `careful`: the rows were in a batch that crashed; each is told to the store (`take_in_hand`) before it is rendered and
    handed over, so that the next crash has one suspect.
    """

    id: int
    owner: str
    delivery_ids: tuple[int, ...]
    careful: bool = False


class LeaseLost(Exception):
    """The lease has ended: the rows are somebody else's now, nothing was written."""


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A delivery with all that the decision asks. `on_unknown` is the row's own: `resend` or `hold`.

    `outranked`: another batch has a delivery for the same contact, due as well, that goes first by its priority or age.
    """

    intent: Intent
    facts: Facts
    on_unknown: str
    outranked: bool = False


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """A delivery that the clearing transaction lets go: the row becomes `sending`, by this channel and provider, to this address."""

    delivery_id: int
    channel: str
    provider: str
    address: str


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of one delivery, applied with its touch in one transaction. A final state stays final.

    WAITING goes back into the queue at `due_at` (business clock) and, where `retry_in` is set, not before so many seconds of
    the machine clock; `hold` says which people it waits for. `attempt` counts one try of the provider against it; `resend`
    counts a repeated hand-off after an unknown outcome. `tried` adds a channel whose provider refused the address. `bound_to` names
    the provider that may have the message, and knows it by its key: no other may be given it.
    A final settlement makes the run of the delivery due, at the touch's moment, and with the state as its outcome.
    """

    delivery_id: int
    state: DeliveryState
    touch: Touch | None = None
    due_at: datetime | None = None
    retry_in: float | None = None
    hold: str | None = None
    attempt: bool = False
    resend: bool = False
    tried: str | None = None
    bound_to: str | None = None
    suppress_address: str | None = None  # reason: the address goes on the suppression list in the same transaction
    suppress_kind: ChannelKind | None = None  # of that address


class Clearing(Protocol):
    """The clearing transaction, open: the contacts are locked, so that two sends cannot both pass a limit of one."""

    def candidates(self) -> Sequence[Candidate]:
        """The slice's deliveries that are still in hand, with fresh facts, in the order of the slice."""
        ...

    def hand_off(self, cleared: Sequence[Clearance], *, now: datetime) -> None:
        """Write `sending` for these."""
        ...

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Write what became of the others."""
        ...


class Deliveries(Protocol):
    """Delivery rows in leased batches. Leases go by the database's clock; every write checks the lease.

    Implementers must ensure that no two live leases hold one row, that a final state is never left, and that an outcome and
    its touch are committed together.
    """

    def claim(self, *, now: datetime, queue: str, limit: int, owner: str, lease: timedelta) -> Lease | None:
        """Take up to `limit` due rows (higher priority first, then older), or None. Suspects come alone, in small careful batches."""
        ...

    def load(self, lease: Lease, *, now: datetime) -> Sequence[Candidate]:
        """The lease's rows with their facts, in a few set-based queries."""
        ...

    def renew(self, lease: Lease, *, by: timedelta) -> None:
        """Prolong the lease. Raises LeaseLost."""
        ...

    def take_in_hand(self, lease: Lease, delivery_id: int) -> None:
        """Remember, committed, that this row is about to be rendered or handed over (careful batches only)."""
        ...

    def clearing(
        self, lease: Lease, delivery_ids: Sequence[int], *, now: datetime, renew_by: timedelta | None = None,
    ) -> AbstractContextManager[Clearing]:
        """The clearing transaction over a slice; it prolongs the lease as well. Raises LeaseLost."""
        ...

    def settle(self, lease: Lease, settlements: Sequence[Settlement]) -> None:
        """Write outcomes and touches in one transaction. Raises LeaseLost."""
        ...

    def release(self, lease: Lease) -> None:
        """End the lease: rows still WAITING go back free of guilt. No error where it has ended already."""
        ...

    def give_back(self, lease: Lease) -> None:
        """Rows still WAITING go back free of guilt; the lease goes on for those in `sending`. No error where it has ended already."""
        ...

    def sweep(self, *, now: datetime) -> int:
        """Settle what ended leases left: WAITING rows go back (a suspect is marked); `sending` ones become SENT where the journal has
        them, else UNKNOWN, or WAITING where the row says `resend` and it was not resent before, in both cases with the touch `unknown`.
        The number of rows."""
        ...

    def pause_channel(self, channel: str, *, now: datetime, reason: str) -> None:
        """Pause a channel whose configuration the provider refuses, until people resume it."""
        ...

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions about one contact, outside any transaction."""
        ...

    def waiting(self, *, now: datetime) -> Mapping[str, int]:
        """How many rows are due now and in nobody's hand, by queue; of a large backlog only that it is large."""
        ...


class Renderer(Protocol):
    """`Approved -> Rendered`. Raises RenderError."""

    def render(self, approved: Approved, *, given: Given, now: datetime, lookup: Lookup | None = None) -> Rendered:
        """Render the message in the contact's language for the channel that was chosen."""
        ...


class Channel(Protocol):
    """One provider, spoken to through one adapter.

    `IDEMPOTENT`: it takes the Idempotency-Key, so that a hand-off whose outcome is not known may be repeated without a second copy.
    Implementers must raise nothing but the three SendErrors, log no address, and be safe to call from many tasks of one loop.
    """

    IDEMPOTENT: ClassVar[bool]

    async def send(self, cleared: Cleared) -> Receipt:
        """Hand the message over. Raises Rejected, Unavailable or Unconfirmed."""
        ...

    async def close(self) -> None:
        """Let go of connections; no message is in flight."""
        ...


InHand = Callable[[int], None]
"""Told of each delivery that it is in hand from now on, to be decided, rendered or laid out, and by NOBODY that none is."""

NOBODY = 0


class Journal(Protocol):
    """Where this machine notes what is in hand, and each yes at once, so that a crash before it is recorded leaves nobody guessing.

    Implementers raise nothing: what cannot be noted is unknown after a crash.
    """

    def begun(self, lease_id: int) -> InHand:
        """A lease begins; told what is in hand under it, for every message and from any thread, it must take nothing to note that."""
        ...

    def held(self, lease_id: int) -> int | None:
        """What was in hand last under a lease, NOBODY where nothing was; None where that was not noted on this machine."""
        ...

    def accepted(self, lease_id: int, message: Cleared, receipt: Receipt) -> None:
        """Note that the provider took it. Called on the loop's thread for every message: it must not wait."""
        ...

    def ended(self, lease_id: int, *, recorded: bool) -> None:
        """No more is accepted under the lease; `recorded`: and all that was is in the database, so that it can be forgotten."""
        ...

    def noted(self, lease_id: int) -> Mapping[int, str | None]:
        """What was accepted under a lease by a process of this machine: the provider's name of each delivery's message."""
        ...

    def forget(self, lease_id: int) -> None:
        """All that was accepted under the lease is in the database. Safe to repeat."""
        ...


def unnoted(delivery_id: int) -> None:
    """Nobody notes what is in hand."""


@final
class NoJournal:
    """Notes nothing: what was accepted and not recorded stays unknown."""

    def begun(self, lease_id: int) -> InHand:
        """Nothing."""
        return unnoted

    def held(self, lease_id: int) -> int | None:
        """Nothing."""
        return None

    def accepted(self, lease_id: int, message: Cleared, receipt: Receipt) -> None:
        """Nothing."""

    def ended(self, lease_id: int, *, recorded: bool) -> None:
        """Nothing."""

    def noted(self, lease_id: int) -> Mapping[int, str | None]:
        """Nothing."""
        return {}

    def forget(self, lease_id: int) -> None:
        """Nothing."""


LATE = "late"
"""The code of what was not begun in time: that tells nothing of its provider, and costs the message nothing."""

Answered = Callable[[Cleared, Receipt | SendError], None]
"""Told what came of one message: the receipt, or one of the three errors."""


@runtime_checkable
class TakesMany(Protocol):
    """What a channel may have beside: it takes many messages in one call.

    Implementers must call `answered` on the loop's thread, once for each message and as soon as its answer is read, and raise nothing.
    Before each is begun `in_time` is asked: where it says no, that one is not handed over, and answered Unavailable with the code LATE,
    soon, whatever the others wait for. `in_hand` is told what is being laid out, and when that is done.
    """

    async def send_many(
        self, messages: Sequence[Cleared], answered: Answered, *, in_time: Callable[[], bool], in_hand: InHand = unnoted,
    ) -> None:
        """Hand them over; returns when each is answered."""
        ...


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What sending came to: the receipt, or one of the three errors."""

    cleared: Cleared
    receipt: Receipt | None = None
    error: SendError | None = field(default=None, compare=False)
