"""What the scheduler does beside planning: what came late of the merged and the erased, and what is kept long enough.

Any number of schedulers may: what one has done the next finds done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Protocol, final

import structlog

from engage.contacts.retention import Keeping
from engage.model.time import Clock

TIDY_EVERY = 60.0
EXPIRE_EVERY = 3600.0
"""Seconds. What is older than it is kept goes once a day; every hour it is looked whether today's turn is over."""

MOST = 200_000
"""Rows of a kind in one turn, so that the first one does not keep the others waiting; the next hour goes on."""

log = structlog.get_logger(__name__)


class Gathering(Protocol):
    """Contacts that were merged."""

    def gather(self, *, now: datetime) -> int:
        """Give the kept ones what came late."""
        ...


class Erasing(Protocol):
    """People who were erased."""

    def erase_late(self, *, now: datetime) -> int:
        """Erase what came late."""
        ...


class Diary(Protocol):
    """Where it stands up to which day all is done."""

    def last(self) -> str | None:
        """The day, as it was written; None where there is none yet."""
        ...

    def write(self, day: str) -> None:
        """That day is done."""
        ...


@final
class Tidying:
    """Tidies up, until it is told to stop."""

    def __init__(
        self, *, merging: Gathering, privacy: Erasing, keeping: Keeping, diary: Diary, clock: Clock,
        removed: Callable[[str, int], object] = lambda kind, rows: None,
    ) -> None:
        self._merging = merging
        self._privacy = privacy
        self._keeping = keeping
        self._diary = diary
        self._clock = clock
        self._removed = removed
        self._stopping = Event()

    def tidy(self) -> None:
        """What came late of those who were merged or erased."""
        now = self._clock.now()
        merged, erased = self._merging.gather(now=now), self._privacy.erase_late(now=now)
        if merged or erased:
            log.info("people.tidied", merged=merged, erased=erased)

    def expire(self) -> None:
        """Remove what is older than it is kept, once a business day."""
        now = self._clock.now()
        today = now.date().isoformat()
        if (self._diary.last() or "") >= today:
            return
        done = self._keeping.expire(now=now, most=MOST, stopped=self._stopping.is_set)
        for each in done:
            self._removed(each.kind.value, each.rows)
            if each.rows:
                log.info("retention.removed", kind=each.kind.value, rows=each.rows, before=each.before.isoformat())
        if not self._stopping.is_set() and all(each.rows < MOST for each in done):
            self._diary.write(today)

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()
