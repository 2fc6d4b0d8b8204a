"""Leases whose owner died on this machine: ended at once, rather than when their time is up, so that the rows go on with the next look."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol, final

import structlog

from engage.model.time import Clock

log = structlog.get_logger(__name__)


class Leases(Protocol):
    """What is asked of the delivery rows."""

    def owners(self) -> Collection[str]:
        """Who holds a lease that has not ended."""
        ...

    def end_leases(self, owners: Collection[str]) -> None:
        """End their leases now: whoever it was writes nothing any more."""
        ...

    def sweep(self, *, now: datetime) -> int:
        """Settle what ended leases left."""
        ...


@final
class Orphans:
    """Any number of processes may look; only what `is_gone` is sure of is touched."""

    def __init__(self, leases: Leases, *, is_gone: Callable[[str], bool], clock: Clock) -> None:
        self._leases = leases
        self._is_gone = is_gone
        self._clock = clock

    def take_over(self) -> int:
        """Free what the dead of this machine had in hand; the number of rows."""
        gone = [owner for owner in self._leases.owners() if self._is_gone(owner)]
        if not gone:
            return 0
        self._leases.end_leases(gone)
        rows = self._leases.sweep(now=self._clock.now())
        log.warning("deliveries.taken_over", owners=len(gone), rows=rows)
        return rows
