"""Metrics: what is counted, how it is shown, and where."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from engage.delivery.ports import Lease, LeaseLost, Settlement
from engage.delivery.signals import Stage
from engage.model.delivery import DeliveryState
from engage.model.errors import InputError, NotThereError
from engage.model.history import Kind, Touch
from engage.store.installation.gauges import Gauges, Heap
from tests.builders import NOON
from workers.monitoring.counting import BatchHistogram
from workers.monitoring.exposing import MetricsPart, ports_of
from workers.monitoring.gauges import DatabaseGauges
from workers.monitoring.metrics import Metrics, word
from workers.monitoring.signals import DeliverySignals, PlanningSignals

NOTHING = Gauges(
    deliveries={}, ages={}, held={}, unknown={}, leases={}, runs=Heap(count=0, age=0.0), events=Heap(count=0, age=0.0),
    calls=Heap(count=0, age=0.0), planned_behind={}, pauses={}, refused_files=0, awaiting_approval=0,
)


def shown(metrics: Metrics) -> list[str]:
    return metrics.exposed(None)[0].decode().splitlines()


def a_settlement(kind: Kind = Kind.SENT, reason: str | None = None) -> Settlement:
    touch = Touch(
        at=NOON, contact_id=1, kind=kind, campaign="birthday", channel="email", provider="smtp", reason=reason,
        private={"address": "ana@example.com"},
    )
    return Settlement(delivery_id=1, state=DeliveryState.SENT, touch=touch)


def test_a_batch_of_values_is_counted_as_prometheus_counts_them_one_by_one() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    bounds, values = (0.1, 1.0, 10.0), (0.05, 0.1, 0.5, 5.0, 50.0)
    BatchHistogram("wait_seconds", "How long.", labels=("queue",), bounds=bounds, registry=ours).observe(("bulk",), values)
    one_by_one = Histogram("wait_seconds", "How long.", ("queue",), buckets=bounds, registry=theirs)
    for value in values:
        one_by_one.labels("bulk").observe(value)
    created = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert generate_latest(ours).decode().splitlines() == created


def test_outcomes_are_counted_by_what_they_are_and_never_by_whom() -> None:
    metrics = Metrics()
    DeliverySignals(metrics).settled([a_settlement(), a_settlement(), a_settlement(Kind.FAILED, "rejected")])
    lines = shown(metrics)
    assert 'engage_outcomes_total{campaign="birthday",channel="email",kind="sent",provider="smtp",reason=""} 2.0' in lines
    assert 'engage_outcomes_total{campaign="birthday",channel="email",kind="failed",provider="smtp",reason="rejected"} 1.0' in lines
    assert "ana" not in "".join(lines)


@pytest.mark.parametrize(("said", "told"), [(None, ""), ("render", "render"), ("550 <ana@example.com>", "other"), ("5.1.1", "other")])
def test_a_label_is_a_word_of_ours(said: str | None, told: str) -> None:
    assert word(said) == told


def test_batches_stages_and_lost_leases_are_counted_by_queue() -> None:
    metrics, lease = Metrics(), Lease(id=1, owner="worker", delivery_ids=(1, 2, 3))
    signals = DeliverySignals(metrics)
    with pytest.raises(LeaseLost), signals.batch(lease, "bulk"), signals.stage(Stage.CLEAR):
        raise LeaseLost
    signals.waited("email", 1.5)
    lines = shown(metrics)
    for line in (
        'engage_batches_total{queue="bulk"} 1.0', 'engage_claimed_deliveries_total{queue="bulk"} 3.0',
        'engage_leases_lost_total{queue="bulk"} 1.0', 'engage_stage_seconds_count{queue="bulk",stage="clear"} 1.0',
        'engage_rate_wait_seconds_total{channel="email"} 1.5',
    ):
        assert line in lines


def test_planning_is_counted_by_campaign() -> None:
    metrics = Metrics()
    PlanningSignals(metrics).entered("birthday", slots=2, runs=40)
    PlanningSignals(metrics).advanced(events=3, runs=7)
    lines = shown(metrics)
    assert 'engage_entered_runs_total{campaign="birthday"} 40.0' in lines
    assert {"engage_drawn_events_total 3.0", "engage_moved_runs_total 7.0"} <= set(lines)


def test_a_job_that_failed_was_not_done() -> None:
    metrics = Metrics()
    metrics.job("tick", late=0.5, seconds=0.1, failed=True)
    lines = shown(metrics)
    assert 'engage_job_failures_total{job="tick"} 1.0' in lines
    assert not [line for line in lines if line.startswith("engage_job_last_success_timestamp_seconds{")]


class Store:
    """Read again and again, and sometimes away."""

    def __init__(self) -> None:
        self.reads, self.now, self.away = 0, 0.0, False

    def read(self) -> Gauges:
        self.reads += 1
        if self.away:
            raise sa.exc.OperationalError("SELECT 1", None, OSError())
        return replace(NOTHING, unknown={"birthday": self.reads})

    def gauges(self) -> DatabaseGauges:
        return DatabaseGauges(self.read, clock=lambda: self.now)


def samples(gauges: DatabaseGauges) -> dict[str, float]:
    return {sample.name: sample.value for family in gauges.collect() for sample in family.samples}


def test_the_database_is_read_once_in_a_while_however_often_somebody_scrapes() -> None:
    store = Store()
    gauges = store.gauges()
    assert [samples(gauges)["engage_unknown_deliveries"] for _ in range(3)] == [1, 1, 1]
    store.now += 5.0
    assert samples(gauges)["engage_unknown_deliveries"] == 2


def test_of_a_database_that_is_away_nothing_stale_is_shown() -> None:
    store = Store()
    gauges = store.gauges()
    samples(gauges)
    store.away, store.now = True, 60.0
    assert samples(gauges) == {"engage_database_up": 0.0}


@pytest.mark.parametrize(("setting", "ports"), [("9464", range(9464, 9465)), ("9464-9466", range(9464, 9467)), ("0", range(1))])
def test_one_port_or_several_may_be_named(setting: str, ports: range) -> None:
    assert ports_of(setting) == ports


@pytest.mark.parametrize("setting", ["http", "70000", "9466-9464", "1-60000", "-1"])
def test_what_names_no_port_is_refused(setting: str) -> None:
    with pytest.raises(InputError, match="ENGAGE_METRICS_PORT"):
        ports_of(setting)


@pytest.fixture
def part() -> Iterator[MetricsPart]:
    made = MetricsPart(Metrics(), host="127.0.0.1", ports=range(1))
    yield made
    made.stop()


def test_metrics_are_served_on_a_port_of_their_own(part: MetricsPart) -> None:
    with urllib.request.urlopen(f"{part.address}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert b"# TYPE engage_outcomes_total counter" in answer.read()


def test_the_next_process_of_a_machine_takes_the_next_port(part: MetricsPart) -> None:
    taken = int(part.address.rpartition(":")[2])
    with pytest.raises(NotThereError, match=str(taken)):
        MetricsPart(Metrics(), host="127.0.0.1", ports=range(taken, taken + 1))
    beside = MetricsPart(Metrics(), host="127.0.0.1", ports=range(taken, min(taken + 20, 65_536)))
    assert beside.address != part.address
    beside.stop()

