"""What two workers, or two messages of one slice, must know of each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from engage.delivery import conductor
from engage.delivery.points import Point
from engage.delivery.ports import Lease
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import Approved, Given, Rendered
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.templates import Templates
from engage.templates.scope import Segments
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

NEWS = {"campaigns/newsletter.yaml": FILES["campaigns/newsletter.yaml"].replace("in: contact}", "in: Europe/Ljubljana}")}
TEN = MONDAY.replace(hour=9)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**NEWS), at=TEN - timedelta(hours=1))
    yield made
    made.close()


def _permit(works: Works, *labels: str) -> None:
    for label in labels:
        contact = works.people.find(label)
        assert contact is not None
        works.ledger.record([Consent(
            contact_id=contact.id, purpose="marketing", channel=ChannelKind.EMAIL, granted=True, at=works.clock.now(), source="test",
        )])


def _news_are_due(works: Works, *labels: str) -> None:
    _permit(works, *labels)
    works.planner.tick(now=works.clock.now())
    works.clock.move(TEN)
    works.planner.tick(now=TEN)
    works.planner.advance(now=TEN)


def test_of_two_contacts_with_one_address_in_two_batches_at_once_one_gets_the_news(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "BATCH", 1)
    for label in ("ana", "twin"):
        works.know(label, email="ana@example.com", plan="pro")
    assert works.people.find("twin") != works.people.find("ana")
    _news_are_due(works, "ana", "twin")
    together = Barrier(2, timeout=3)

    def meet() -> None:
        with suppress(BrokenBarrierError):
            together.wait()

    works.at[Point.RENDERED] = meet
    workers = [works.another_conductor(owner) for owner in ("a", "b")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda worker: worker.drain("bulk"), workers))
    assert works.sent() == ["ana@example.com"]
    assert [touch.reason for touch in works.touches(Kind.SUPPRESSED)] == ["duplicate"]


def test_one_address_written_in_two_ways_is_one_address(works: Works) -> None:
    works.know("ana", email="Ana.Kos@Example.com", plan="pro")
    works.know("twin", email="ana.kos@example.com", plan="pro")
    _news_are_due(works, "ana", "twin")
    works.settle()
    assert len(works.sent()) == 1


def _reply(name: str, *, priority: int, channel: str, event: str = "ticket.closed") -> dict[str, str]:
    text = f"title: {name}\npurpose: care\nstatus: live\npriority: {priority}\ntrigger: {{event: {event}}}\n"
    return {f"campaigns/{name}.yaml": f"{text}send: csat\nchannels: [{channel}]\n"}


def test_of_two_messages_due_together_the_more_important_goes_whatever_its_channel(database: Database) -> None:
    files = {
        "engage.yaml": FILES["engage.yaml"].replace("consent: opt_out}", "consent: opt_out, limit: 1 per day}"),
        "campaigns/follow_up.yaml": None, "templates/csat/email.md": FILES["templates/csat/email.md"].replace("trigger.ticket_id", "1"),
        "templates/csat/sms.txt": "How did we do?\n",
        **_reply("other", priority=9, channel="email", event="ticket.reopened"), **_reply("high", priority=9, channel="sms"),
        **_reply("low", priority=1, channel="email"),
    }
    works = Works(database, small_workspace(**files))
    works.know("bor", "ana", phone="+38640123456")
    works.happen("ticket.reopened", "bor", ticket_id="0")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.settle()
    works.close()
    assert sorted(works.sent()) == ["+38640123456", "bor@example.com"]


def test_of_two_workers_the_one_with_the_less_important_message_lets_the_other_go_first(database: Database) -> None:
    """Each has one of a contact's two in hand; the first to come to clearing has the lower one."""
    files = {
        "engage.yaml": FILES["engage.yaml"].replace("consent: opt_out}", "consent: opt_out, limit: 1 per day}"),
        "campaigns/follow_up.yaml": None, "templates/csat/email.md": FILES["templates/csat/email.md"].replace("trigger.ticket_id", "1"),
        **_reply("high", priority=9, channel="email"), **_reply("low", priority=1, channel="email"),
    }
    works = Works(database, small_workspace(**files))
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.planner.advance(now=works.clock.now())
    higher = works.deliveries.claim(now=works.clock.now(), queue="bulk", limit=1, owner="slow", lease=timedelta(seconds=30))
    assert higher is not None
    works.conductor.drain("bulk")
    assert works.sent() == []
    works.deliveries.release(higher)
    works.conductor.drain("bulk")
    (sent,) = works.touches(Kind.SENT)
    works.close()
    assert sent.campaign == "high"


class Renewals:
    """The delivery rows, counting how often a lease on them is prolonged."""

    def __init__(self, rows: SqlDeliveries) -> None:
        self._rows = rows
        self.count = 0

    def renew(self, lease: Lease, *, by: timedelta) -> None:
        self.count += 1
        self._rows.renew(lease, by=by)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


def test_a_batch_that_takes_long_to_render_keeps_its_lease(database: Database) -> None:
    works = Works(database, small_workspace())
    rows: Any = Renewals(works.deliveries)
    works.deliveries = rows
    machine = [0.0]

    class Slow(Templates):
        def render(self, approved: Approved, *, given: Given | None = None, now: datetime, lookup: Segments | None = None) -> Rendered:
            machine[0] += 2.0
            return super().render(approved, given=given, now=now, lookup=lookup)

    works.renderer = lambda workspace: Slow(workspace, secret=database.secret())
    labels = [f"p{number}" for number in range(60)]
    works.know(*labels)
    for label in labels:
        works.happen("ticket.closed", label, ticket_id=label)
    works.clock.move(MONDAY + timedelta(days=1))
    works.planner.advance(now=works.clock.now())
    works.planner.advance(now=works.clock.now())
    works.another_conductor("slow", monotonic=lambda: machine[0]).drain("bulk")
    works.close()
    assert len(works.sent()) == 60
    assert rows.count >= 2 * 60 / 10 - 1
