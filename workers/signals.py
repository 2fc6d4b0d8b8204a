"""The ports `Signals` of the conductor and the planner: what they tell becomes metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import final

from engage.delivery.ports import Lease, Outcome, Settlement
from engage.delivery.signals import Stage
from workers.metrics import Metrics, word


@final
class DeliverySignals:
    """Counts what the conductor does."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def batch(self, lease: Lease, queue: str) -> Iterator[None]:
        """Around all that is done with a batch."""
        self._metrics.batches.labels(queue).inc()
        self._metrics.claimed.labels(queue).inc(len(lease.delivery_ids))
        yield

    @contextmanager
    def stage(self, stage: Stage, queue: str) -> Iterator[None]:
        """Around one stage."""
        began = perf_counter()
        try:
            yield
        finally:
            self._metrics.stages.labels(stage.value, queue).observe(perf_counter() - began)

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """What became of deliveries."""
        touches = (settlement.touch for settlement in settlements if settlement.touch is not None)
        counted = Counter((touch.kind, touch.reason, touch.campaign, touch.channel, touch.provider) for touch in touches)
        for (kind, reason, campaign, channel, provider), count in counted.items():
            self._metrics.outcomes.labels(kind.value, word(reason), campaign or "", channel or "", provider or "").inc(count)

    def answered(self, outcomes: Sequence[Outcome], queue: str, *, now: datetime) -> None:
        """What the provider said to these hand-offs, and when."""
        waits: dict[str, list[float]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.error is None:
                approved = outcome.cleared.rendered.approved
                waits[approved.channel].append(max(0.0, (now - approved.intent.due_at).total_seconds()))
        for channel, seconds in waits.items():
            self._metrics.due_to_handoff.observe((queue, channel), seconds)

    def lost(self, lease: Lease, queue: str) -> None:
        """The lease ended before its batch did."""
        self._metrics.leases_lost.labels(queue).inc()

    def waited(self, channel: str, seconds: float) -> None:
        """A slice waits so long for its provider's rate."""
        self._metrics.rate_waits.labels(channel).inc(seconds)


@final
class PlanningSignals:
    """Counts what the planner does."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def entered(self, campaign: str, *, slots: int, runs: int) -> None:
        """So many slots of the campaign were planned, by which so many runs began."""
        self._metrics.slots.labels(campaign).inc(slots)
        self._metrics.entered.labels(campaign).inc(runs)

    def advanced(self, *, events: int, runs: int) -> None:
        """So many events were drawn, so many runs moved on."""
        self._metrics.drawn.inc(events)
        self._metrics.moved.inc(runs)
