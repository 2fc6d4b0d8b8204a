"""Spans: which there are, what they belong to, and that none says whom it is about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.trace import StatusCode, format_trace_id

from tests.spans import TRACE, TRACEPARENT, Recorded, recorded
from tests.unit.web.site import KEY, Visitor
from workers.monitoring.metrics import Metrics
from workers.monitoring.signals import PlanningSignals
from workers.monitoring.tracing import current_trace, span, tracing

CLOSED = {"id": "t1", "type": "ticket.closed", "contact": "ana", "data": {"ticket_id": "T-1"}}


@pytest.fixture
def spans() -> Iterator[Recorded]:
    with recorded() as made:
        yield made


def post(visitor: Visitor, **headers: str) -> None:
    answer = visitor.client.post("/v1/events", json=CLOSED, headers={"Authorization": f"Bearer {KEY}", **headers})
    assert answer.status_code == 200


def test_a_request_goes_on_in_the_trace_that_it_brings_along(spans: Recorded) -> None:
    post(Visitor(), traceparent=TRACEPARENT)
    (request,) = spans.named("POST /v1/events")
    assert format_trace_id(request.context.trace_id) == TRACE
    assert request.attributes is not None
    assert dict(request.attributes) == {"http.request.method": "POST", "http.route": "/v1/events", "http.response.status_code": 200}


def test_whoever_follows_a_link_begins_a_trace_of_their_own_and_their_token_is_not_told(spans: Recorded) -> None:
    Visitor().client.get("/u/a-token-of-somebody", headers={"traceparent": TRACEPARENT})
    (request,) = spans.all()
    assert request.name == "GET /u/{token}"
    assert format_trace_id(request.context.trace_id) != TRACE
    assert "a-token-of-somebody" not in request.to_json()


def test_what_is_done_now_has_a_traceparent_where_it_is_recorded(spans: Recorded) -> None:
    assert current_trace() is None
    with span("batch") as made:
        at = made.get_span_context()
        assert str(current_trace()).startswith(f"00-{at.trace_id:032x}-{at.span_id:016x}-")


def test_an_error_is_told_by_its_type_alone(spans: Recorded) -> None:
    with pytest.raises(ValueError, match="ana"), span("batch"):
        raise ValueError("ana@example.com has no such thing")
    (made,) = spans.all()
    assert made.status.status_code is StatusCode.ERROR
    assert made.attributes == {"error.type": "ValueError"}
    assert "ana@example.com" not in made.to_json()


@pytest.mark.parametrize(("runs", "names"), [([], []), ([0], []), ([500, 20], ["advance"])])
def test_a_look_that_finds_nothing_is_no_span(spans: Recorded, runs: list[int], names: list[str]) -> None:
    with PlanningSignals(Metrics()).moment("advance") as done:
        done.extend(runs)
    assert spans.names() == names


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}]
)
def test_where_nobody_asks_for_it_nothing_is_set_up(environment: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with tracing(environment, process="worker"):
        pass
    assert caplog.records == []


def test_an_exporter_that_is_not_installed_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    ran = []
    with tracing({"OTEL_TRACES_EXPORTER": "pigeon"}, process="worker"):
        ran.append(1)
    assert ran == [1]
    assert "tracing.unavailable" in capsys.readouterr().out
