"""Events out: touches -> webhooks. Each lane (what happens, or a replay) is a cursor over the touches, in the order of their ids.

::

    take     the next touches of a lane, under a lease; the lane is in no other hand meanwhile
    tell     one POST a touch or batch, one after the other; no transaction is open while the network is
    settle   how far it came, or when the touch that was not taken is tried again

After a crash between an answer and its settling the touches are posted again, with the same ids, by which the other side knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, final

import structlog

from engage.delivery.equipment import Loop
from engage.delivery.payloads import Told, payloads
from engage.delivery.retries import WEBHOOK_SCHEDULE
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.outlets import Outlet

log = structlog.get_logger()

IN_HAND = 50
"""Touches that are taken at once."""

LEASE = timedelta(minutes=2)
HELD_FOR = 60.0
"""Seconds after which no more of those in hand are begun: with the half minute that an answer may take it is less than the lease."""

GONE = "410"
AT_ONCE = 8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What is taken of a lane. `token` fences: with an older one nothing is written. When all is told, everything up to `end` is."""

    webhook: str
    lane: str
    token: int
    position: int
    attempts: int
    told: Sequence[Told] = field(repr=False)
    end: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The touch behind the position was not taken: `attempts` so far, to be tried again `after` seconds (None: never by itself)."""

    reason: str
    attempts: int
    after: float | None


class Postings(Protocol):
    """The cursors. Due times go by the database's clock."""

    def begin(self, webhooks: Sequence[str]) -> None:
        """Begin to follow what happens for those that are new: from now on. Safe to repeat."""
        ...

    def lanes(self, webhook: str) -> Sequence[str]:
        """Its lanes that are due and have something to look at, what happens first."""
        ...

    def take(self, outlet: Outlet, lane: str, *, limit: int, lease: timedelta) -> Hand | None:
        """The next touches that it wants; None where the lane is in other hands by now, or there is nothing to tell yet."""
        ...

    def settle(self, hand: Hand, *, position: int, failure: Failure | None) -> None:
        """Write how far it came, unless another hand has taken it; a failure that is final disables all lanes of the webhook."""
        ...


class Receiver(Protocol):
    """Another system. Implementers raise nothing but the three SendErrors, and log no URL, body or secret."""

    async def tell(self, body: str, *, key: str) -> None:
        """Post it. Raises Rejected, Unavailable or Unconfirmed."""
        ...


@final
class Poster:
    """Tells webhooks. Any number of processes may; a slow webhook keeps no other one waiting."""

    def __init__(
        self, postings: Postings, *, outlets: Callable[[], Mapping[str, Outlet]], receivers: Callable[[], Mapping[str, Receiver]],
        loop: Loop, seconds: Callable[[], float], counted: Callable[[str, str], object] = lambda webhook, outcome: None,
    ) -> None:
        """`seconds` is the machine's clock, from anywhere; `counted` is told of each POST whether it was `taken` or `put_off`."""
        self._postings = postings
        self._outlets = outlets
        self._receivers = receivers
        self._loop = loop
        self._seconds = seconds
        self._counted = counted
        self._stopping = False
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webhooks")
        self._busy: dict[str, Future[None]] = {}

    def look(self) -> None:
        """Set to work what is due and is not being worked at. Raises what the last turn of a webhook was broken off by."""
        outlets = self._outlets()
        if outlets and not self._stopping:
            self._postings.begin(list(outlets))
        ended = [self._busy.pop(name) for name, turn in list(self._busy.items()) if turn.done()]
        for name, outlet in outlets.items():
            if name not in self._busy and not self._stopping and self._postings.lanes(name):
                self._busy[name] = self._threads.submit(self.drain, outlet)
        for turn in ended:
            turn.result()

    def drain(self, outlet: Outlet) -> None:
        """Tell one webhook until nothing is due."""
        while not self._stopping and (lanes := self._postings.lanes(outlet.name)):
            turns = [self._turn(outlet, lane) for lane in lanes]  # each of them, or a replay would wait for ever
            if not any(turns):
                return

    def stop(self) -> None:
        """Finish the POSTs in hand, begin no more. Safe to repeat."""
        self._stopping = True
        self._threads.shutdown(wait=True)

    def _turn(self, outlet: Outlet, lane: str) -> bool:
        receiver = self._receivers().get(outlet.name)  # before anything is taken
        hand = self._postings.take(outlet, lane, limit=IN_HAND, lease=LEASE) if receiver is not None else None
        if receiver is None or hand is None:
            return False
        position, error = self._tell(hand, outlet, receiver)
        failure = None if error is None else _failure(hand, error, moved=position > hand.position)
        self._postings.settle(hand, position=position, failure=failure)
        return True

    def _tell(self, hand: Hand, outlet: Outlet, receiver: Receiver) -> tuple[int, SendError | None]:
        """Up to where all was taken, and why the next one was not."""
        position, began = hand.position, self._seconds()
        for payload in payloads(outlet, hand.told):
            if self._stopping or self._seconds() - began > HELD_FOR:
                return position, None
            try:
                self._loop.run(receiver.tell(payload.body, key=payload.key))
            except (Rejected, Unavailable, Unconfirmed) as error:
                self._counted(hand.webhook, "put_off")
                return position, error
            self._counted(hand.webhook, "taken")
            position = payload.last
        return hand.end, None


def _failure(hand: Hand, error: SendError, *, moved: bool) -> Failure:
    attempts = 1 if moved else hand.attempts + 1
    reason = error.code or type(error).__name__
    asked = (error.retry_after if isinstance(error, Unavailable) else None) or 0.0
    given_up = reason == GONE or attempts > len(WEBHOOK_SCHEDULE)
    after = None if given_up else max(WEBHOOK_SCHEDULE[attempts - 1], asked)
    if given_up:
        log.error("webhook.disabled", webhook=hand.webhook, attempts=attempts, error=error.detail, code=reason)
    else:
        log.warning("webhook.put_off", webhook=hand.webhook, attempt=attempts, error=error.detail, code=reason)
    return Failure(reason=reason, attempts=attempts, after=after)
