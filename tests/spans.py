"""Spans that a test's process records: by the SDK, into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
"""The example of the W3C's recommendation, sampled."""


@cache
def _exporter() -> InMemorySpanExporter:
    """A process has one provider for good."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


class Recorded:
    """What was recorded since the block began."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        """Every span that has ended."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of that name."""
        return [span for span in self.all() if span.name == name]

    def names(self) -> list[str]:
        """Their names, in the order in which they ended."""
        return [span.name for span in self.all()]


@contextmanager
def recorded() -> Iterator[Recorded]:
    """Record the block's spans."""
    exporter = _exporter()
    exporter.clear()
    yield Recorded(exporter)
    exporter.clear()
