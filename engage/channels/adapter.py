"""What every adapter has: a kind, its options, and the way from `Cleared` to `Receipt` or one of the three SendErrors.

Whoever writes an adapter writes a class of this shape and names it as an entry point in the group `engage.channels`;
docs/channels.md shows how. `engage.delivery` knows adapters by its own port only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

from engage.model.contact import ChannelKind
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import SendError
from engage.model.workspace import Channel, Settings


class Adapter(Protocol):
    """One provider, spoken to through one class.

    `KIND` is the kind of channel that it serves (None: any). `OPTIONS` names each option with one sentence; an option that is
    not there is refused. `IDEMPOTENT` says that the provider takes the Idempotency-Key, so that a hand-off whose outcome is not
    known may be repeated without a second copy.

    One whose provider can be asked whether it has a message also has `async def find(self, missing: Missing) -> Receipt | None`
    (`engage.delivery.asking.Answers`), raising nothing but Unavailable.

    Implementers must do no I/O in the constructor and raise InputError there, with the channel's place, for every bad option;
    raise nothing but Rejected, Unavailable and Unconfirmed from `send`; log no address, body or secret; and be safe to call
    from many tasks of one loop.
    """

    KIND: ClassVar[ChannelKind | None]
    OPTIONS: ClassVar[Mapping[str, str]]
    IDEMPOTENT: ClassVar[bool]

    def __init__(self, channel: Channel, settings: Settings) -> None: ...

    async def send(self, cleared: Cleared) -> Receipt:
        """Hand the message over. Raises Rejected, Unavailable or Unconfirmed."""
        ...

    async def check(self) -> tuple[str, ...]:
        """What is wrong, a sentence each, found by connecting and logging in; nothing is sent. Empty: all is well."""
        ...

    async def close(self) -> None:
        """Let go of connections; no message is in flight. Safe to repeat."""
        ...


Answered = Callable[[Cleared, Receipt | SendError], None]
"""Told what came of one message: the receipt, or one of the three errors."""


InHand = Callable[[int], None]
"""Told of each delivery that it is being laid out from now on, and by 0 that none is: a process may die of one."""


def unnoted(delivery_id: int) -> None:
    """Nobody notes what is laid out."""


@runtime_checkable
class TakesMany(Protocol):
    """What an adapter may have beside: it takes many messages in one call, where the provider's protocol gains by it.

    Implementers must call `answered` on the loop's thread, once for each message and as soon as its answer is read, and raise nothing.
    Before each is begun `in_time` is asked: where it says no, that one is not handed over, and answered Unavailable with the code `late`,
    soon, whatever the others wait for. `in_hand` is told what is being laid out, and when that is done.
    """

    async def send_many(
        self, messages: Sequence[Cleared], answered: Answered, *, in_time: Callable[[], bool], in_hand: InHand = unnoted,
    ) -> None:
        """Hand them over; returns when each is answered."""
        ...


@runtime_checkable
class TellsHandOvers(Protocol):
    """What an adapter may have beside: it calls `handed_over` each time it has written a content whole and read no answer yet.

    The fault suite breaks things there. It is set once, before the first message.
    """

    handed_over: Callable[[], None]


def unheard() -> None:
    """Nobody listens."""
