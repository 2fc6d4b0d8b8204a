"""A lease that may be in several hands: the batch's thread's, and those of slices whose provider is silent. The last one ends it.

A thread waits for a slice's answers for a while only: one provider that takes a content and then says nothing, for the ten minutes that
RFC 5321 allows, must not keep the messages that go by others. Such a slice is seen through on the loop, under the same lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import final

import structlog

from engage.delivery.ports import InHand, LeaseLost
from engage.model.places import places_of

log = structlog.get_logger()


@final
class Holding:
    """Who works under one lease; `end` is told, once nobody does, whether all was recorded. Safe to use from many threads."""

    def __init__(self, batch: int, in_hand: InHand, *, end: Callable[[bool], None]) -> None:
        self.batch = batch
        self.in_hand = in_hand
        self._end = end
        self._hands = 1
        self._all_recorded = True
        self._lock = Lock()

    def another(self) -> None:
        """One more works under it."""
        with self._lock:
            self._hands += 1

    def leave(self, *, recorded: bool) -> bool:
        """One does no more. Whether it was the last."""
        with self._lock:
            self._hands -= 1
            self._all_recorded = self._all_recorded and recorded
            is_last = not self._hands
        if is_last:
            self._end(self._all_recorded)
        return is_last


@final
class Unawaited:
    """Slices that no thread waits for any more. Its methods are for the loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def see_through(
        self, answered: asyncio.Future[None], holding: Holding, *, told: Callable[[], None], heard: Callable[[], None],
    ) -> None:
        """Wait for the slice on the loop, under its lease. `told` lets people know that its provider is silent, `heard` that it is not."""
        holding.another()
        task = asyncio.ensure_future(_see_through(answered, holding, told, heard))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, within: float) -> None:
        """Wait for all of them, so many seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)


async def _see_through(
    answered: asyncio.Future[None], holding: Holding, told: Callable[[], None], heard: Callable[[], None],
) -> None:
    recorded = False
    try:
        await _done(told, holding)
        await answered
        recorded = True
    except LeaseLost:
        log.warning("delivery.lease_lost", batch=holding.batch)
    except Exception as error:  # noqa: BLE001  # nobody waits for it: what was not recorded is swept once the lease has ended
        _stumbled(error, holding)
    finally:
        await _done(heard, holding)
        await _done(partial(holding.leave, recorded=recorded), holding)


async def _done(call: Callable[[], object], holding: Holding) -> None:
    """Ask the database in a thread; where it is away the answers that are awaited matter more."""
    try:
        await asyncio.to_thread(call)
    except Exception as error:  # noqa: BLE001  # as the docstring says
        _stumbled(error, holding)


def _stumbled(error: Exception, holding: Holding) -> None:
    log.error("slice.stumbled", batch=holding.batch, error=type(error).__name__, at=places_of(error))
