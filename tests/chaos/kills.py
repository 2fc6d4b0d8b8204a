"""Which deaths hit work: what a dead worker had in hand, at which named point, and how long until its rows went on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

import sqlalchemy as sa

from engage.store.schema.tables import batches, deliveries
from tests.chaos.family import Death
from tests.chaos.window import Window

ANYWHERE = "anywhere"
"""Of a kill from outside, at no named point."""


@dataclass(slots=True, kw_only=True)
class Kill:
    """One kill that hit work. `sending` of the `rows` in hand may have been handed over; `freed` is when anybody might
    take them again, `resumed` when somebody had."""

    at: float
    pid: int
    point: str
    batch_ids: frozenset[int]
    rows: frozenset[int] = field(repr=False)
    sending: int
    freed: float | None = None
    resumed: float | None = None


class Kills:
    """The register of kills. `look` is called again and again, to see whose rows have gone on."""

    def __init__(self, window: Window) -> None:
        self.hits: list[Kill] = []
        self.misses = 0
        self._window = window
        self._lock = Lock()

    def record(self, death: Death) -> None:
        """Look at once what it had in hand: soon somebody takes it over."""
        mine = self._window.rows(sa.select(batches.c.id, batches.c.delivery_ids).where(batches.c.owner.like(f"%:{death.pid}:%")))
        listed = {each for batch in mine for each in batch.delivery_ids}
        under_way = deliveries.c.state.in_(("waiting", "sending"))
        rows = self._window.rows(sa.select(deliveries.c.id, deliveries.c.state).where(deliveries.c.id.in_(listed), under_way))
        with self._lock:
            if not rows:
                self.misses += 1
                return
            self.hits.append(Kill(
                at=death.at, pid=death.pid, point=death.point or ANYWHERE, batch_ids=frozenset(batch.id for batch in mine),
                rows=frozenset(row.id for row in rows), sending=sum(row.state == "sending" for row in rows),
            ))

    def look(self, now: float) -> None:
        """Note which kills' rows have gone on: free of the dead one's lease, and in another's hand or settled."""
        with self._lock:
            waiting = [kill for kill in self.hits if kill.resumed is None]
        held = {batch for kill in waiting for batch in kill.batch_ids}
        if not held:
            return
        still = {row.id for row in self._window.rows(sa.select(batches.c.id).where(batches.c.id.in_(held)))}
        for kill in waiting:
            if not kill.batch_ids & still:
                kill.freed = kill.freed or now
                kill.resumed = now if self._went_on(kill) else None

    def _went_on(self, kill: Kill) -> bool:
        """Whether a row of it is in another's hand or settled, now that its lease is gone."""
        held = {each for batch in self._window.rows(sa.select(batches.c.delivery_ids)) for each in batch.delivery_ids}
        free = (deliveries.c.id.in_(kill.rows - held), deliveries.c.state == "waiting")
        return self._window.count(deliveries, *free) < len(kill.rows)

    @property
    def slowest(self) -> Sequence[Kill]:
        """Those that had to wait, the longest first."""
        return sorted((kill for kill in self.hits if kill.resumed is not None), key=lambda kill: kill.at - (kill.resumed or kill.at))

    @property
    def holds(self) -> Sequence[float]:
        """Seconds from each kill to when nobody held its rows any more, in order."""
        return sorted(kill.freed - kill.at for kill in self.hits if kill.freed is not None)

    @property
    def waits(self) -> Sequence[float]:
        """Seconds from each kill to when its rows went on, in order."""
        return sorted(kill.resumed - kill.at for kill in self.hits if kill.resumed is not None)

    @property
    def by_point(self) -> Mapping[str, int]:
        """How many kills hit work, by named point."""
        return Counter(kill.point for kill in self.hits)

    @property
    def sending_by_point(self) -> Mapping[str, int]:
        """The rows then in `sending`, by named point."""
        counted: Counter[str] = Counter()
        for kill in self.hits:
            counted[kill.point] += kill.sending
        return counted
