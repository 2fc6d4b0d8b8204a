"""A provider that knows a message by its key gets it again after a lost answer and after a kill -9, and makes no second one of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engage.channels import knows_keys
from engage.channels.sms_webhook import SmsWebhookChannel
from engage.delivery.points import Point
from engage.model.contact import ChannelKind
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.schema.tables import batches
from tests.builders import a_channel, some_settings
from tests.engine import MONDAY, Works
from tests.servers.http import DROP
from tests.servers.racing import FORKS
from tests.servers.webhook import WebhookServer
from tests.small import small_workspace

TEXT = "title: Text\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed}\nquiet_hours: ignore\nsend: csat\nchannels: [sms]\n"
FILES: dict[str, str | None] = {"campaigns/follow_up.yaml": TEXT, "campaigns/birthday.yaml": None, "campaigns/newsletter.yaml": None}
PEOPLE = [f"p{number}" for number in range(6)]


@pytest.fixture
def gateway() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


@pytest.fixture
def works(sqlite_url: str, gateway: WebhookServer) -> Iterator[Works]:
    made = company(sqlite_url, gateway.url)
    for number, label in enumerate(PEOPLE):
        made.know(label, phone=f"+3864012345{number}")
        made.happen("ticket.closed", label, ticket_id=label)
    made.planner.advance(now=MONDAY)
    yield made
    made.close()
    made.database.close()


def company(url: str, gateway: str) -> Works:
    """A process over the database, whose texts go to the gateway."""
    works = Works(Database.open(url), small_workspace(**FILES), at=MONDAY)
    options = {"url": gateway, "secret": WebhookServer.secret, "loopback": "allowed"}
    works.channels = {"sms": SmsWebhookChannel(a_channel("sms", options=options), some_settings())}  # type: ignore[dict-item]  # a real one
    return works


def _work_until(point: Point, url: str, gateway: str) -> None:
    works = company(url, gateway)
    works.at[point] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    works.conductor.drain("bulk")


def sweep(works: Works) -> None:
    """As the scheduler does once the dead worker's lease has ended."""
    with works.database.begin() as connection:
        connection.execute(sa.update(batches).values(lease_until=MONDAY.replace(year=2000)))
    swept = SqlDeliveries(
        works.database, workspace=lambda: works.workspace, versions=works.version, repeatable=lambda channel, provider: channel == "sms"
    )
    swept.sweep(now=MONDAY)


def test_after_a_lost_answer_the_same_key_goes_again_and_the_text_is_sent_once(works: Works, gateway: WebhookServer) -> None:
    gateway.answer(DROP, times=1)
    works.conductor.drain("bulk")
    with works.database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET retry_at = NULL")
    works.settle()
    posts = [request.headers["Idempotency-Key"] for request in gateway.requests]
    assert (len(posts), len(set(posts)), len(gateway.messages)) == (len(PEOPLE) + 1, len(PEOPLE), len(PEOPLE))
    assert (len(works.touches(Kind.SENT)), len(works.touches(Kind.UNKNOWN))) == (len(PEOPLE), 0)


@pytest.mark.parametrize("point", [Point.CLEARED, Point.RECORDING])
def test_after_a_kill_what_was_being_handed_over_goes_again_rather_than_being_unknown(
    works: Works, gateway: WebhookServer, sqlite_url: str, point: Point,
) -> None:
    worker = FORKS.Process(target=_work_until, args=(point, sqlite_url, gateway.url))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    sweep(works)
    told = works.touches(Kind.DEFERRED)
    assert {touch.reason for touch in told} == {"crash"}
    works.settle()
    assert (len(works.touches(Kind.SENT)), len(works.touches(Kind.UNKNOWN))) == (len(PEOPLE), 0)
    assert len(gateway.messages) == len(PEOPLE)
    assert len(gateway.requests) == (len(PEOPLE) if point is Point.CLEARED else len(PEOPLE) + len(told))


def test_of_our_own_adapters_the_webhook_knows_keys() -> None:
    adapters = {"sms_webhook": ChannelKind.SMS, "smtp": ChannelKind.EMAIL, "slack": ChannelKind.CHAT, "console": ChannelKind.EMAIL}
    known = {name: knows_keys(a_channel(kind.value, adapter=name)) for name, kind in adapters.items()}
    assert known == {"sms_webhook": True, "smtp": False, "slack": False, "console": False}
