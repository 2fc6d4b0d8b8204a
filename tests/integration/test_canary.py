"""Nobody's address leaves the database but in a message: no log, metric, span or nudge of a running system has one."""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.store.schema.tables import calls, deliveries, touches
from tests.integration.eavesdropping import NAME, PEOPLE, PHONE, closed, make_company, make_providers_talk, overheard
from tests.servers.processes import KEY, Process, ground
from tests.servers.smtp import SmtpServer
from tests.servers.webhook import WebhookServer
from tests.spans import TRACE, TRACEPARENT
from tests.waiting import until
from workers.embedded import find_server, socket_directory, start_valkey, stop_valkey, url_of
from workers.office import OnDisk

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a run of the company let out, and what it did."""

    log: str
    metrics: str
    nudges: str
    kinds: frozenset[str]

    def events(self) -> set[str]:
        """The names of the log's events."""
        return {line["event"] for line in map(_json, self.log.splitlines()) if "event" in line}


def _json(line: str) -> dict[str, str]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("canary")
    server = find_server(os.environ)
    assert server is not None
    socket_directory(folder).mkdir(parents=True, exist_ok=True)
    broker = start_valkey(folder, server)
    try:
        with SmtpServer() as smtp, WebhookServer() as sms:
            root = make_company(folder / "company", smtp=smtp, sms=sms, broker=url_of(folder))
            make_providers_talk(smtp, sms)
            yield _run(root, url_of(folder))
    finally:
        stop_valkey(broker)


def _run(root: Path, broker: str) -> Heard:
    environment = {
        "ENGAGE_LOG_LEVEL": "debug", "ENGAGE_METRICS_PORT": "0", "OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    with overheard(broker) as nudges, ground(root, environment) as grounds:
        process = grounds.start("run", "--port", "0").started()
        _knock(process)
        _post(process, [closed(number) for number in range(PEOPLE)], traceparent=TRACEPARENT)
        until(lambda: _is_quiet(root), seconds=120)
        metrics = [_get(process.address + "/metrics"), _get(str(process.logged("metrics.listening")[0]["address"]) + "/metrics")]
        assert process.stop() == 0
        with OnDisk(root).engaged() as wired, wired.database.read() as connection:
            kinds = frozenset(connection.scalars(sa.select(touches.c.kind).distinct()))
        return Heard(log=process.log.read_text(), metrics="\n".join(metrics), nudges="\n".join(nudges), kinds=kinds)


def _knock(process: Process) -> None:
    """What strangers and mistaken programs ask of the web."""
    for path in (f"/u/{NAME}@example.com", f"/v1/contacts/{NAME}@example.com", f"/p/+386{PHONE}?who={NAME}@example.com"):
        with pytest.raises(urllib.error.HTTPError):
            _get(process.address + path)
    for body in ({"type": NAME, "to": f"{NAME}@example.com"}, {**closed(0), "data": {"divisor": f"{NAME}@example.com"}}):
        with pytest.raises(urllib.error.HTTPError):
            _post(process, body)


def _post(process: Process, body: object, **headers: str) -> None:
    given = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(f"{process.address}/v1/events", data=json.dumps(body).encode(), headers=given, method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def _is_quiet(root: Path) -> bool:
    """Whether every delivery was tried, and every call."""
    with OnDisk(root).engaged() as wired, wired.database.read() as connection:
        made = connection.scalar(sa.select(sa.func.count()).select_from(deliveries))
        untouched = ~sa.exists().where(touches.c.delivery_id == deliveries.c.id)
        left = connection.scalar(sa.select(sa.func.count()).select_from(deliveries).where(untouched))
        uncalled = connection.scalar(sa.select(sa.func.count()).select_from(calls).where(calls.c.attempts == 0))
        called = connection.scalar(sa.select(sa.func.count()).select_from(calls))
    return (made, left, called, uncalled) == (3 * PEOPLE, 0, PEOPLE, 0)


def said(text: str) -> Sequence[str]:
    """Where the text says what it must not, plainly or in base64."""
    hidden = [base64.b64encode(b"xyz"[:start] + f"{NAME}.".encode())[4:-4].decode() for start in range(3)]
    words = "|".join([NAME, PHONE, *map(re.escape, hidden)])
    return re.findall(rf".{{0,80}}(?:{words}).{{0,80}}", text, re.IGNORECASE)


def test_the_run_saw_everything_that_goes_wrong(heard: Heard) -> None:
    assert heard.kinds >= {"event", "entered", "sent", "failed", "deferred", "unknown"}
    assert heard.events() >= {"process.started", "metrics.listening", "tracing.on"}


def test_no_log_and_no_span_says_whom_it_is_about(heard: Heard) -> None:
    assert said(heard.log) == []


def test_no_metric_says_whom_it_is_about(heard: Heard) -> None:
    assert "engage_http_requests_total" in heard.metrics
    assert said(heard.metrics) == []


def test_no_nudge_says_whom_it_is_about(heard: Heard) -> None:
    assert "drain_transactional" in heard.nudges
    assert said(heard.nudges) == []


def test_the_trace_leads_from_the_request_to_the_provider(heard: Heard) -> None:
    traced = re.findall(r'"name": "([^"]+)",\s+"context": \{\s+"trace_id": "0x' + TRACE, heard.log)
    assert set(traced) == {"POST /v1/events", "hand-off"}
    assert traced.count("hand-off") > PEOPLE


OUTCOMES = (
    'campaign="texted",channel="sms",kind="sent",provider="sms_webhook",reason=""',
    'campaign="answered",channel="email",kind="failed",provider="",reason="render"',
    'campaign="broken",channel="email",kind="failed",provider="smtp",reason="rejected"',
    'campaign="broken",channel="email",kind="unknown",provider="smtp",reason="unconfirmed"',
)


@pytest.mark.parametrize("labels", OUTCOMES)
def test_what_came_of_messages_is_counted(heard: Heard, labels: str) -> None:
    assert f"engage_outcomes_total{{{labels}}} " in heard.metrics


@pytest.mark.parametrize("series", [
    'engage_event_to_handoff_seconds_count{channel="sms",queue="transactional"}', 'engage_job_seconds_count{job="tick"}',
    'engage_stage_seconds_count{queue="transactional",stage="clear"}', 'engage_events_total{status="accepted",type="ticket.closed"}',
    'engage_queue_age_seconds{queue="transactional"}', "engage_database_up", "engage_disk_free_bytes",
    'engage_nudges_total{actor="advance",result="sent"}', 'engage_calls_total{endpoint="gifts",outcome="failed"}',
])
def test_a_running_system_shows_it(heard: Heard, series: str) -> None:
    assert f"\n{series} " in heard.metrics
