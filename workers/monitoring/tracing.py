"""Spans, for whoever set an OpenTelemetry SDK up: from the request that brings an event to the hand-off that comes of it.

The code knows the API alone. Without an SDK nothing is recorded and next to nothing is spent; with one (`OTEL_…` in the environment)
batches, slices and requests are spans, and single messages only where the event behind them was sampled.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import structlog
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind

from engage import __version__

TRACER = trace.get_tracer("engage", __version__)
TRACED_ROUTES = ("/v1/", "/hooks/")
"""Of whom we take the trace that they bring along: programs of ours, not whoever follows a link."""

ON = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

log = structlog.get_logger(__name__)


def current_trace() -> str | None:
    """The `traceparent` (W3C) of what is being done now, where it is recorded; None else."""
    at = trace.get_current_span().get_span_context()
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}" if at.is_valid and at.trace_flags.sampled else None


def context_of(carrier: Mapping[str, str]) -> Context:
    """The context that headers, or a stored `traceparent`, stand for; an empty one where they make no sense."""
    return propagate.extract(carrier)


def current_link() -> list[Link]:
    """A link to the span of what is being done now, if there is one."""
    at = trace.get_current_span().get_span_context()
    return [Link(at)] if at.is_valid else []


@contextmanager
def span(name: str, attributes: Mapping[str, str | int] | None = None) -> Iterator[Span]:
    """A span around the block, inside the current one. An exception is told by its type alone: its text may hold an address."""
    with TRACER.start_as_current_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False) as made:
        try:
            yield made
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(trace.StatusCode.ERROR)
            raise


@contextmanager
def tracing(environment: Mapping[str, str], *, process: str) -> Iterator[None]:
    """Record the spans of the block as the environment's OTEL_… say, where they do and an SDK is installed."""
    provider = _asked_for(environment, process)
    if provider is None:
        yield
        return
    trace.set_tracer_provider(provider)
    log.info("tracing.on")
    try:
        yield
    finally:
        provider.shutdown()


def _asked_for(environment: Mapping[str, str], process: str) -> Any:
    asked = any(environment.get(name) for name in ON) and environment.get("OTEL_TRACES_EXPORTER") != "none"
    if not asked or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        return _provider(environment, process)
    except (ImportError, LookupError) as error:
        log.error("tracing.unavailable", error=type(error).__name__, then="pip install opentelemetry-sdk opentelemetry-exporter-otlp")
        return None


def _provider(environment: Mapping[str, str], process: str) -> Any:
    """The SDK's, loaded by name as it may be missing. It reads sampler, limits and resource from the environment itself."""
    sdk, exporting = importlib.import_module("opentelemetry.sdk.trace"), importlib.import_module("opentelemetry.sdk.trace.export")
    resources = importlib.import_module("opentelemetry.sdk.resources")
    about = {"service.name": environment.get("OTEL_SERVICE_NAME") or "engage", "service.version": __version__, "engage.process": process}
    provider = sdk.TracerProvider(resource=resources.Resource.create(about))
    for name in (environment.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        provider.add_span_processor(exporting.BatchSpanProcessor(_exporter(name.strip())))
    return provider


def _exporter(name: str) -> Any:
    """By the entry point that OpenTelemetry's exporters have. Raises LookupError where none is installed."""
    for found in importlib.metadata.entry_points(group="opentelemetry_traces_exporter", name=name):
        return found.load()()
    raise LookupError(name)


@final
class RequestSpan:
    """The span of one HTTP request."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        given = context_of(headers) if path.startswith(TRACED_ROUTES) else None
        self._around = TRACER.start_as_current_span(
            method, context=given, kind=SpanKind.SERVER, attributes={"http.request.method": method}, record_exception=False,
        )
        self._method = method

    def __enter__(self) -> RequestSpan:
        self._span = self._around.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._around.__exit__(*error)

    def answered(self, *, route: str, status: int) -> None:
        """Say what it was: by its route, never by its path."""
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
