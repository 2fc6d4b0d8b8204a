"""Histograms that take a batch of values at once: of ten thousand mails a second none has its own lock and loop."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import final

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry


@final
class BatchHistogram(Collector):
    """A Prometheus histogram with one label set after another. Safe to use from many threads."""

    def __init__(self, name: str, told: str, *, labels: Sequence[str], bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._told = told
        self._labels = labels
        self._bounds = bounds
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        self._lock = Lock()
        registry.register(self)

    def observe(self, labels: tuple[str, ...], values: Iterable[float]) -> None:
        """Count the values."""
        bounds, total = self._bounds, 0.0
        with self._lock:
            counts = self._counts.setdefault(labels, [0] * (len(bounds) + 1))
            for value in values:
                counts[bisect_left(bounds, value)] += 1
                total += value
            self._sums[labels] = self._sums.get(labels, 0.0) + total

    def describe(self) -> Iterator[Metric]:
        """Its name alone."""
        yield self._family()

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        family = self._family()
        with self._lock:
            for labels, counts in self._counts.items():
                family.add_metric(labels, list(self._cumulated(counts)), sum_value=self._sums[labels])
        yield family

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._told, labels=self._labels)

    def _cumulated(self, counts: Sequence[int]) -> Iterator[tuple[str, float]]:
        so_far = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), counts, strict=True):
            so_far += count
            yield bound, so_far
