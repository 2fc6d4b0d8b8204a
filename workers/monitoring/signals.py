"""The ports `Signals` of the conductor and the planner: what they tell becomes metrics and spans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from time import perf_counter, time_ns
from typing import Final, final

from opentelemetry.trace import SpanKind

from engage.delivery.ports import Lease, LeaseLost, Outcome, Settlement
from engage.delivery.signals import Stage
from engage.model.delivery import Cleared
from workers.monitoring.metrics import Metrics, word
from workers.monitoring.tracing import TRACER, context_of, current_link, span

QUEUE: Final[ContextVar[str]] = ContextVar("queue", default="")
"""Of the batch in hand. What is awaited, and what is done in another thread meanwhile, knows it as well."""

SENDING_SINCE: Final[ContextVar[int | None]] = ContextVar("sending_since", default=None)
"""When the slice in hand began to be sent, in nanoseconds since 1970."""


@final
class DeliverySignals:
    """Counts what the conductor does. A batch and its stages are spans; a hand-off is one where its event's trace was recorded."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def claiming(self, queue: str) -> Iterator[None]:
        """Around a look for due deliveries; no span, as most find none."""
        with self._timed(Stage.CLAIM, queue):
            yield

    @contextmanager
    def batch(self, lease: Lease, queue: str) -> Iterator[None]:
        """Around all that is done with a batch."""
        self._metrics.batches.labels(queue).inc()
        self._metrics.claimed.labels(queue).inc(len(lease.delivery_ids))
        before = QUEUE.set(queue)
        try:
            with span("batch", {"engage.batch": lease.id, "engage.queue": queue, "engage.deliveries": len(lease.delivery_ids)}):
                yield
        except LeaseLost:
            self._metrics.leases_lost.labels(queue).inc()
            raise
        finally:
            QUEUE.reset(before)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Around one stage."""
        if stage is Stage.SEND:
            SENDING_SINCE.set(time_ns())
        with self._timed(stage, QUEUE.get()), span(stage.value):
            yield

    @contextmanager
    def _timed(self, stage: Stage, queue: str) -> Iterator[None]:
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

    def answered(self, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """What the provider said to these hand-offs, and when."""
        due: dict[str, list[float]] = defaultdict(list)
        accepted: dict[str, list[float]] = defaultdict(list)
        for outcome in outcomes:
            intent = outcome.cleared.intent
            if intent.trace is not None:
                _tell_hand_off(outcome.cleared, error=None if outcome.error is None else type(outcome.error).__name__)
            if outcome.error is None:
                channel = outcome.cleared.rendered.approved.channel
                due[channel].append(max(0.0, (now - intent.due_at).total_seconds()))
                if intent.accepted_at is not None:
                    accepted[channel].append(max(0.0, (now - intent.accepted_at).total_seconds()))
        for waits, histogram in ((due, self._metrics.due_to_handoff), (accepted, self._metrics.event_to_handoff)):
            for channel, seconds in waits.items():
                histogram.observe((QUEUE.get(), channel), seconds)

    def waited(self, channel: str, seconds: float) -> None:
        """A slice waits so long for its provider's rate."""
        self._metrics.rate_waits.labels(channel).inc(seconds)


def _tell_hand_off(cleared: Cleared, *, error: str | None) -> None:
    """The span of one hand-off: part of its event's trace, with a link to the batch in which it went."""
    approved, intent = cleared.rendered.approved, cleared.intent
    about: dict[str, str | int] = {
        "engage.delivery": intent.id, "engage.campaign": intent.campaign, "engage.message": intent.message,
        "engage.channel": approved.channel, **({"error.type": error} if error else {}),
    }
    made = TRACER.start_span(
        "hand-off", context=context_of({"traceparent": intent.trace or ""}), kind=SpanKind.CLIENT, attributes=about,
        links=current_link(), start_time=SENDING_SINCE.get(),
    )
    made.end()


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

    @contextmanager
    def moment(self, name: str) -> Iterator[list[int]]:
        """Around a look at what is due. It is a span where it found runs: what the block appends are their numbers."""
        began, done = time_ns(), list[int]()
        try:
            yield done
        finally:
            if total := sum(done):
                TRACER.start_span(name, start_time=began, attributes={"engage.runs": total}).end()
                self._metrics.planning_seconds.labels(name).observe((time_ns() - began) / 1e9)
