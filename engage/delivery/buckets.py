"""Token buckets: how many messages may go now at a rate, and how long the next ones wait. One bucket is shared by all workers.

A bucket is one number: the moment up to which what was taken has been paid for at its rate (the generic cell rate algorithm). Where
that moment lies behind, as much as `burst` seconds of it may be caught up with at once; it may be booked `ahead` for so many seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """So many messages, to be taken from a bucket of that name. `rate` is in messages a second, `burst` and `ahead` are in seconds.

    `dry`: only to know how many there would be.
    """

    bucket: str
    rate: float
    wanted: int
    burst: float = 0.0
    ahead: float = 0.0
    dry: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How many were taken; in how many seconds the first of them may go, or where none was taken, in how many one could be."""

    taken: int
    wait: float


class Buckets(Protocol):
    """All buckets. Implementers must take atomically: whoever asks at once never gets more together than the rate allows."""

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """Take what there is from each, in the order of the charges. A bucket that nobody knows is full."""
        ...


def book(paid: float | None, now: float, charge: Charge) -> tuple[float, Grant]:
    """Up to which moment the bucket is paid then, and what was granted. Moments are in seconds of one clock for all who share it."""
    start = now - charge.burst if paid is None else max(paid, now - charge.burst)
    latest = now + charge.ahead
    room = math.floor((latest - start) * charge.rate + 1e-6) + 1 if start <= latest + 1e-9 else 0
    taken = max(0, min(charge.wanted, room))
    wait = start - (now if taken else latest)
    return start + taken / charge.rate, Grant(taken=taken, wait=max(0.0, wait))


@final
class LocalBuckets:
    """Buckets of one process, by its monotonic clock. Safe to use from many threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._paid: dict[str, float] = {}
        self._lock = Lock()

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """Take what there is from each."""
        with self._lock:
            return [self._take(charge, self._monotonic()) for charge in charges]

    def _take(self, charge: Charge, now: float) -> Grant:
        paid, grant = book(self._paid.get(charge.bucket), now, charge)
        if grant.taken and not charge.dry:
            self._paid[charge.bucket] = paid
        return grant


@final
class BottomlessBuckets:
    """Buckets that never run dry: on a simulated clock a message takes no time."""

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """All that is wanted."""
        return [Grant(taken=charge.wanted, wait=0.0) for charge in charges]
