"""What is told of a delivery on its way: spans from its event to the hand-off, and metrics by the batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.trace import SpanKind, format_trace_id

from engage.model.contact import Event
from engage.model.errors import Rejected
from engage.store.database import Database
from tests.engine import Works
from tests.small import small_workspace
from tests.spans import TRACE, TRACEPARENT, Recorded, recorded
from workers.monitoring.metrics import Metrics
from workers.monitoring.signals import DeliverySignals

MANY = 30
FILES = {
    "campaigns/birthday.yaml": None, "campaigns/follow_up.yaml": None,
    "campaigns/answered.yaml": """\
title: We have answered you
purpose: service
status: live
trigger: {event: ticket.closed}
send: answered
channels: [email]
""",
    "templates/answered/email.md": "---\nsubject: Your ticket\n---\nWe have answered.\n",
}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(None, **FILES))
    yield made
    made.close()


@pytest.fixture
def spans() -> Iterator[Recorded]:
    with recorded() as made:
        yield made


def close_tickets(works: Works, number: int, *, trace: str | None) -> None:
    labels = [f"c{place}" for place in range(number)]
    works.know(*labels)
    now = works.clock.now()
    for label in labels:
        told = Event(id=label, type="ticket.closed", at=now, data={}, contact_ref=label, received_at=now, trace=trace)
        works.planner.happen(told, now=now)
    works.planner.advance(now=now)


def send(works: Works, metrics: Metrics, *, after: timedelta = timedelta()) -> None:
    works.clock.move(works.clock.now() + after)
    conductor = works.another_conductor("watched", signals=DeliverySignals(metrics))
    for queue in ("transactional", "bulk"):
        conductor.drain(queue)


def test_a_hand_off_belongs_to_the_trace_of_its_event_and_is_linked_to_its_batch(works: Works, spans: Recorded) -> None:
    close_tickets(works, 1, trace=TRACEPARENT)
    send(works, Metrics())
    (hand_off,), (batch,) = spans.named("hand-off"), spans.named("batch")
    assert format_trace_id(hand_off.context.trace_id) == TRACE
    assert hand_off.kind is SpanKind.CLIENT
    assert {link.context.trace_id for link in hand_off.links} == {batch.context.trace_id}
    assert "example.com" not in "".join(span.to_json() for span in spans.all())


def test_a_batch_is_a_handful_of_spans_however_many_messages_it_has(works: Works, spans: Recorded) -> None:
    close_tickets(works, MANY, trace=None)
    send(works, Metrics())
    assert len(works.sent()) == MANY
    assert sorted(spans.names()) == ["batch", "clear", "load", "prepare", "record", "send"]


def test_waits_stages_and_outcomes_are_counted(works: Works) -> None:
    close_tickets(works, MANY, trace=None)
    works.channels["email"].fail(Rejected("no such user", code="550"), times=1)
    metrics = Metrics()
    send(works, metrics, after=timedelta(seconds=3))
    shown = metrics.exposed(None)[0].decode().splitlines()
    queue = next(line.partition('queue="')[2].partition('"')[0] for line in shown if line.startswith("engage_batches_total{"))
    for line in (
        f'engage_claimed_deliveries_total{{queue="{queue}"}} {MANY}.0',
        f'engage_due_to_handoff_seconds_bucket{{channel="email",le="5.0",queue="{queue}"}} {MANY - 1}.0',
        f'engage_due_to_handoff_seconds_bucket{{channel="email",le="2.0",queue="{queue}"}} 0.0',
        f'engage_event_to_handoff_seconds_count{{channel="email",queue="{queue}"}} {MANY - 1}.0',
        f'engage_stage_seconds_count{{queue="{queue}",stage="clear"}} 1.0',
    ):
        assert line in shown
    outcomes = [line for line in shown if line.startswith("engage_outcomes_total{")]
    assert sorted(float(line.rpartition(" ")[2]) for line in outcomes) == [1.0, MANY - 1.0]
