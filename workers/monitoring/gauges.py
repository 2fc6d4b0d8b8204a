"""What the database knows, for Prometheus: read when somebody scrapes, at most every few seconds, however many do."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, Generic, TypeVar, final

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engage.model.delivery import ProviderState
from engage.store.installation.gauges import Gauges, Heap

FRESH_FOR: Final = 5.0
"""Seconds for which what was read is good enough."""


Known = TypeVar("Known")


@final
class _Fresh(Generic[Known]):
    """What was read of the database a moment ago, or read now; None where it could not be read."""

    def __init__(self, read: Callable[[], Known], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._known: Known | None = None
        self._read_at: float | None = None
        self._lock = Lock()

    def known(self) -> Known | None:
        with self._lock:
            now = self._clock()
            if self._read_at is None or now - self._read_at >= FRESH_FOR:
                try:
                    self._known = self._read()
                except sa.exc.SQLAlchemyError:
                    self._known = None
                self._read_at = now
            return self._known


@final
class DatabaseGauges(Collector):
    """Deliveries, runs, events, calls, campaigns: how many wait, and for how long. Only `engage_database_up` where nothing can be read."""

    def __init__(self, read: Callable[[], Gauges], *, clock: Callable[[], float] = monotonic) -> None:
        self._fresh = _Fresh(read, clock)

    def describe(self) -> Iterator[Metric]:
        """Nothing: that would ask the database before anybody scraped."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        known = self._fresh.known()
        yield _gauge("engage_database_up", "Whether the database could be asked.", {(): 0.0 if known is None else 1.0})
        if known is not None:
            yield from _told(known)


def _told(known: Gauges) -> Iterator[Metric]:
    yield _gauge(
        "engage_queue_deliveries", "Deliveries that are due, wait for a later time or for people, are in a worker's hand, or on the line.",
        known.deliveries, "queue", "state",
    )
    yield _gauge("engage_queue_age_seconds", "For how long the oldest delivery that could go has been due.", known.ages, "queue")
    yield _gauge("engage_held_deliveries", "Deliveries that wait for people.", known.held, "hold")
    yield _gauge("engage_unknown_deliveries", "Deliveries about whose outcome people must decide.", known.unknown, "campaign")
    yield _gauge("engage_leases", "Batches in hand, and those whose lease has ended.", known.leases, "state")
    yield from _heap("due_runs", "Runs that are due", known.runs)
    yield from _heap("pending_events", "Events whose consequences are to be drawn", known.events)
    yield from _heap("due_calls", "Calls of endpoints that are due", known.calls)
    yield _gauge(
        "engage_planned_behind_seconds", "How long ago the campaign was planned last (only those that time makes enter anybody).",
        known.planned_behind, "campaign",
    )
    yield _gauge("engage_pauses", "What is paused.", known.pauses, "scope")
    yield _gauge("engage_refused_files", "Files of the workspace that were not taken.", {(): known.refused_files})
    yield _gauge("engage_campaigns_awaiting_approval", "Campaigns that reached too many people.", {(): known.awaiting_approval})


def _heap(name: str, told: str, heap: Heap) -> Iterator[Metric]:
    yield _gauge(f"engage_{name}", f"{told}.", {(): heap.count})
    yield _gauge(f"engage_{name}_age_seconds", f"{told}: for how long the oldest has been.", {(): heap.age})


@final
class WebhookGauges(Collector):
    """How far behind each webhook is, and whether it is told anything at all; read as seldom as the database's, of which it is."""

    def __init__(self, standings: Callable[[], Sequence[Mapping[str, object]]], *, clock: Callable[[], float] = monotonic) -> None:
        self._fresh = _Fresh(standings, clock)

    def describe(self) -> Iterator[Metric]:
        """Nothing, as above."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        known = self._fresh.known() or ()
        behind = {str(each["webhook"]): float(str(each["behind"])) for each in known}
        disabled = {str(each["webhook"]): float(each["state"] == "disabled") for each in known}
        yield _gauge("engage_webhook_behind_seconds", "How old the oldest touch is that it was not yet told of.", behind, "webhook")
        yield _gauge("engage_webhook_disabled", "Whether it is told nothing any more: gone, or failed for days.", disabled, "webhook")


@final
class ProviderGauges(Collector):
    """How long each provider is left alone, as this process knows it; `channel` is the channel, with its provider where it has several."""

    def __init__(self, states: Callable[[], Mapping[str, ProviderState]]) -> None:
        self._states = states

    def describe(self) -> Iterator[Metric]:
        """Nothing, as above."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        waits = {(channel, state.reason or ""): state.wait for channel, state in self._states().items()}
        yield _gauge(
            "engage_provider_wait_seconds", "For how much longer a channel is left alone: by its breaker, or as it asked.", waits,
            "channel", "reason",
        )


@final
class MachineGauges(Collector):
    """What this machine says: the disk that the workspace's state is on, and how old its zone data are."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def describe(self) -> Iterator[Metric]:
        """Nothing, as above."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        there = next(path for path in (self._state, *self._state.parents) if path.exists())
        yield _gauge("engage_disk_free_bytes", "Room for what is written below the workspace.", {(): shutil.disk_usage(there).free})
        yield _gauge("engage_zone_data_age_seconds", "Since the end of the year that the zone data are of.", {(): zone_data_age()})


def zone_data_age() -> float:
    """Seconds since the end of the year of which the package tzdata is; 0 while that year goes on."""
    year = int(importlib.metadata.version("tzdata").split(".")[0])
    return max(0.0, (datetime.now(UTC) - datetime(year, 12, 31, tzinfo=UTC)).total_seconds())


def _gauge(name: str, told: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        family.add_metric((key,) if isinstance(key, str) else key, value)
    return family
