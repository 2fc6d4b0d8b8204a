"""The conductor of calls: a due call of the step `call` -> its endpoint asked -> the run goes on with the answer.

::

    claim    a lease that is the next attempt's own time: after a crash the call is made again, with the same key
    ask      no transaction is open while the network is
    settle   the answer and the run that waits for it, in one transaction

What a call comes to is one of three: answered; refused for good; not answered, to be tried again by the schedule of Standard
Webhooks. The endpoint knows a repeated call by its key, so that a call whose answer was lost does nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, final

import structlog

from engage.delivery.equipment import Loop
from engage.delivery.retries import retry_call_in
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.places import places_of
from engage.model.time import Clock

log = structlog.get_logger()

AT_ONCE = 20
LEASE = timedelta(minutes=2)
"""Longer than any endpoint may take to answer."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DueCall:
    """A call in hand. `attempt` counts from 1 and is the fencing token: with an older one nothing is written."""

    id: int
    attempt: int
    endpoint: str
    contact_id: int
    data: Mapping[str, object] = field(repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The endpoint's JSON."""

    answer: object = field(repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """It failed for good; `code` is the endpoint's own word (a status code), or the error's name."""

    code: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """After so many seconds of the machine clock."""

    after: float


CallOutcome = Answered | GaveUp | TryAgain


class Calls(Protocol):
    """The outbox of calls. Due times go by the database's clock."""

    def claim(self, *, limit: int, lease: timedelta) -> Sequence[DueCall]:
        """Take due calls of runs that go on and are not paused; each is due again when the lease ends. Counts the attempt."""
        ...

    def settle(self, call: DueCall, outcome: CallOutcome, *, now: datetime) -> None:
        """Write what came of it, unless a later attempt has begun; with a final outcome the run that waits for it is due."""
        ...


class Endpoint(Protocol):
    """Another system. Implementers raise nothing but the three SendErrors, and log no URL, body or secret."""

    async def ask(self, data: Mapping[str, object], *, key: str) -> object:
        """Its JSON answer. Raises Rejected (never again), Unavailable or Unconfirmed (ask again, with the same key)."""
        ...


class CallKeys(Protocol):
    """What calls are called by others."""

    def call_key(self, call_id: int) -> str:
        """The Idempotency-Key, the same for every attempt."""
        ...


@final
class Caller:
    """Makes due calls. Safe to use from many threads, and in any number of processes."""

    def __init__(
        self, calls: Calls, *, endpoints: Callable[[], Mapping[str, Endpoint]], keys: CallKeys, clock: Clock, loop: Loop,
        counted: Callable[[str, CallOutcome], object] = lambda endpoint, outcome: None,
    ) -> None:
        """`counted` is told of each call that was made, once what came of it is committed."""
        self._calls = calls
        self._endpoints = endpoints
        self._keys = keys
        self._clock = clock
        self._loop = loop
        self._counted = counted
        self._stopping = False

    def stop(self) -> None:
        """Finish the calls in hand, begin no more."""
        self._stopping = True

    def drain(self) -> int:
        """Work until nothing is due; how many calls were made."""
        total = 0
        while not self._stopping and (made := self.work()):
            total += made
        return total

    def work(self) -> int:
        """Make a batch of due calls at once; its size, 0 where nothing is due."""
        endpoints = self._endpoints()  # before anything is claimed: where they cannot be had, no attempt is lost
        due = self._calls.claim(limit=AT_ONCE, lease=LEASE)
        if due:
            self._loop.run(self._make(due, endpoints))
        return len(due)

    async def _make(self, due: Sequence[DueCall], endpoints: Mapping[str, Endpoint]) -> None:
        made = await asyncio.gather(*(self._make_one(call, endpoints) for call in due), return_exceptions=True)
        for call, error in zip(due, made, strict=True):
            if error is not None:  # the lease ends, and it is made again with the same key
                log.error("call.stumbled", call_id=call.id, endpoint=call.endpoint, error=type(error).__name__, at=places_of(error))

    async def _make_one(self, call: DueCall, endpoints: Mapping[str, Endpoint]) -> None:
        outcome = await self._ask(call, endpoints.get(call.endpoint))
        await asyncio.to_thread(lambda: self._calls.settle(call, outcome, now=self._clock.now()))
        self._counted(call.endpoint, outcome)

    async def _ask(self, call: DueCall, endpoint: Endpoint | None) -> CallOutcome:
        try:
            if endpoint is None:
                raise Unavailable("engage.yaml declares no such endpoint any more", code="no_endpoint")
            return Answered(answer=await endpoint.ask(call.data, key=self._keys.call_key(call.id)))
        except Rejected as error:
            return _gave_up(call, error)
        except (Unavailable, Unconfirmed) as error:
            asked = error.retry_after if isinstance(error, Unavailable) else None
            after = retry_call_in(call.id, attempts=call.attempt, retry_after=asked)
            return _gave_up(call, error) if after is None else _put_off(call, error, after)


def _gave_up(call: DueCall, error: SendError) -> GaveUp:
    log.warning("call.failed", call_id=call.id, endpoint=call.endpoint, attempt=call.attempt, error=error.detail, code=error.code)
    return GaveUp(code=error.code or type(error).__name__)


def _put_off(call: DueCall, error: SendError, after: float) -> TryAgain:
    log.info("call.put_off", call_id=call.id, endpoint=call.endpoint, attempt=call.attempt, error=error.detail, code=error.code)
    return TryAgain(after=after)
