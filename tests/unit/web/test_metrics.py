"""`/metrics` of the web, and what it counts of requests."""

from __future__ import annotations

from tests.unit.web.site import Visitor


def test_metrics_are_shown_to_whoever_scrapes() -> None:
    answer = Visitor().client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE engage_http_requests_total counter" in answer.text


def test_whoever_wants_open_metrics_gets_them() -> None:
    answer = Visitor().client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_with_a_key_metrics_are_for_who_has_it() -> None:
    visitor = Visitor(metrics_key="seen")
    assert visitor.client.get("/metrics").status_code == 401
    assert visitor.client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 401
    assert visitor.client.get("/metrics", headers={"Authorization": "Bearer seen"}).status_code == 200


def test_requests_are_counted_by_their_route_and_never_by_their_path() -> None:
    visitor = Visitor()
    for path in ("/u/a-token-of-somebody", "/u/another-token", "/nothing-there", "/healthz"):
        visitor.client.get(path)
    text = visitor.client.get("/metrics").text
    assert 'engage_http_requests_total{method="GET",route="/u/{token}",status="404"} 2.0' in text
    assert 'engage_http_requests_total{method="GET",route="other",status="404"} 1.0' in text
    assert 'engage_http_request_seconds_count{route="/healthz"} 1.0' in text
    assert "token-of-somebody" not in text


def test_a_method_that_nobody_knows_is_no_label_of_its_own() -> None:
    visitor = Visitor()
    visitor.client.request("BREW", "/healthz")
    assert 'method="other"' in visitor.client.get("/metrics").text
