"""What a process counts of its own work, for Prometheus. Names, queues and words of ours are labels; a person never is.

docs/monitoring.md lists every metric; a test holds the two together.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Final, final

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, Info, ProcessCollector
from prometheus_client.exposition import choose_encoder

from engage import __version__
from engage.delivery.calling import Answered, CallOutcome, GaveUp, TryAgain
from engage.feedback.bounces import Severity
from engage.model.history import Kind
from workers.monitoring.counting import BatchHistogram

QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WAITS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)
"""Seconds: of work, and of waiting."""

CALLS: Final[Mapping[type[CallOutcome], str]] = {Answered: "answered", GaveUp: "failed", TryAgain: "put_off"}

WORD = re.compile(r"[a-z][a-z0-9_]{0,40}")
OTHER = "other"


def word(said: str | None) -> str:
    """A label's value that is one of our own words; whatever else it may be (a provider's reply, a name) becomes `other`."""
    if said is None:
        return ""
    return said if WORD.fullmatch(said) else OTHER


@final
class Metrics:
    """The metrics of one process, in a registry of their own. Safe to use from many threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._about = Info("engage_process", "What this process is.", registry=self.registry)
        self._add_delivery()
        self._add_planning()
        self._add_people()
        self._add_queue()
        self._add_web()

    def name(self, process: str) -> None:
        """Say what this process is."""
        self._about.info({"process": process, "version": __version__, "python": ".".join(map(str, sys.version_info[:3]))})

    def job(self, job: str, *, late: float, seconds: float, failed: bool) -> None:
        """Count a run of a job of the ticker."""
        self.job_lag.labels(job).set(late)
        self.jobs.labels(job).observe(seconds)
        if failed:
            self.job_failures.labels(job).inc()
        else:
            self.job_ended.labels(job).set_to_current_time()

    def response(self, kind: Kind) -> None:
        """Count what came back of a message."""
        self.responses.labels(kind.value).inc()

    def sight(self, kind: Kind, by: str) -> None:
        """Count a link that was followed, or a picture that was fetched, and by whom."""
        self.sights.labels(kind.value, by).inc()

    def retention(self, kind: str, rows: int) -> None:
        """Count what was removed."""
        self.removed.labels(kind).inc(rows)

    def bounce(self, severity: Severity) -> None:
        """Count how bad a bounce was."""
        self.bounces.labels(severity.value).inc()

    def call(self, endpoint: str, outcome: CallOutcome) -> None:
        """Count a call of an endpoint."""
        self.calls.labels(endpoint, CALLS[type(outcome)]).inc()

    def post(self, webhook: str, outcome: str) -> None:
        """Count a POST to a webhook."""
        self.posts.labels(webhook, outcome).inc()

    def event(self, type_: str, *, new: bool) -> None:
        """Count an event; `type_` is one that engage.yaml declares, or `other`."""
        self.events.labels(type_, "accepted" if new else "repeated").inc()

    def nudge(self, actor: str, result: str) -> None:
        """Count a nudge."""
        self.nudges.labels(actor, result).inc()

    def exposed(self, accept: str | None) -> tuple[bytes, str]:
        """All of it as text, in the form that the Accept header asks for, with its Content-Type."""
        encode, content_type = choose_encoder(accept or "")
        return encode(self.registry), content_type

    def _add_delivery(self) -> None:
        self.batches = self._counter("engage_batches", "Batches of deliveries that were claimed.", "queue")
        self.claimed = self._counter("engage_claimed_deliveries", "Deliveries in those batches.", "queue")
        self.stages = self._histogram("engage_stage_seconds", "How long a batch, or a slice of it, took in one stage.", "stage", "queue")
        self.outcomes = self._counter(
            "engage_outcomes", "What became of deliveries: the touches written of them.",
            "kind", "reason", "campaign", "channel", "provider",
        )
        self.due_to_handoff = self._waits(
            "engage_due_to_handoff_seconds", "From the moment a delivery fell due to the provider's yes.", "queue", "channel"
        )
        self.event_to_handoff = self._waits(
            "engage_event_to_handoff_seconds",
            "From an event's acceptance to the provider's yes, of messages that waited for nothing else.", "queue", "channel",
        )
        self.leases_lost = self._counter("engage_leases_lost", "Batches whose lease ended before they did.", "queue")
        self.swept = self._counter("engage_swept_deliveries", "Deliveries that were taken out of leases which had ended.")
        self.rate_waits = self._counter("engage_rate_wait_seconds", "Seconds that slices waited for a provider's rate.", "channel")
        self.calls = self._counter("engage_calls", "Calls of endpoints, by what came of them.", "endpoint", "outcome")
        self.posts = self._counter("engage_webhook_posts", "Touches posted to webhooks, by what came of it.", "webhook", "outcome")
        self.responses = self._counter("engage_responses", "What came back of messages, each once.", "kind")
        self.sights = self._counter("engage_sights", "Links followed and pictures fetched, each time, by whom.", "kind", "by")
        self.bounces = self._counter("engage_bounces", "Messages that bounced, by how bad it is.", "severity")

    def _add_planning(self) -> None:
        self.slots = self._counter("engage_planned_slots", "Moments of campaigns at which somebody may enter.", "campaign")
        self.entered = self._counter("engage_entered_runs", "Runs that began by them.", "campaign")
        self.moved = self._counter("engage_moved_runs", "Runs that went on.")
        self.drawn = self._counter("engage_drawn_events", "Pending events whose consequences were drawn.")
        self.planning_seconds = self._histogram(
            "engage_planning_seconds", "How long it took to plan, or to move runs on, where there were any.", "what"
        )

    def _add_people(self) -> None:
        self.removed = self._counter("engage_retention_removed", "Rows that were older than they are kept; of contacts, people.", "kind")

    def _add_queue(self) -> None:
        self.nudges = self._counter(
            "engage_nudges", "Nudges: `sent`, or not as the broker was `away`; and those that came, `done` or `failed`.", "actor", "result"
        )
        self.jobs = self._histogram("engage_job_seconds", "How long a job of the ticker took.", "job")
        self.job_failures = self._counter("engage_job_failures", "Jobs of the ticker that ended in an error.", "job")
        self.job_lag = self._gauge("engage_job_lag_seconds", "How much later than its interval the job began the last time.", "job")
        self.job_ended = self._gauge("engage_job_last_success_timestamp_seconds", "When the job was last done without an error.", "job")

    def _add_web(self) -> None:
        self.requests = self._counter("engage_http_requests", "Requests that were answered.", "method", "route", "status")
        self.request_seconds = self._histogram("engage_http_request_seconds", "How long an answer took.", "route")
        self.events = self._counter("engage_events", "Events that were taken in.", "type", "status")

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry)

    def _histogram(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(name, told, labels, buckets=QUICK, registry=self.registry)

    def _waits(self, name: str, told: str, *labels: str) -> BatchHistogram:
        return BatchHistogram(name, told, labels=labels, bounds=WAITS, registry=self.registry)
