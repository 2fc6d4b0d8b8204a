"""Single messages go the way of all others: decided, limited, put off, held, recorded; asked for twice at once they are made once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.history import Kind
from engage.planning.messages import (
    AskedMessage,
    MessageGone,
    MessageSeen,
    RequestName,
    RequestRepeated,
    RequestUnderWay,
    delivery_of_message,
)
from engage.store.database import Database
from engage.store.planning.messages import SqlMessages
from engage.store.schema.tables import deliveries
from tests.contract.store_benches import at_once
from tests.engine import MONDAY, Works
from tests.small import small_workspace

TEMPLATE = "---\nsubject: Your code\n---\nYour code is {{ code }}. {{ message.unsubscribe_url }}\n"


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**{"templates/code/email.md": TEMPLATE}))
    made.know("ana", "bor")
    yield made
    made.close()


def asked(works: Works, *, purpose: str = "service", send_at: datetime | None = None, code: str = "123") -> AskedMessage:
    contact = works.people.find("ana")
    assert contact is not None
    return AskedMessage(contact=contact, message="code", purpose=purpose, channels=("email",), values={"code": code}, send_at=send_at)


def ask(works: Works, name: RequestName | None = None, **changed: Any) -> MessageSeen:
    new = delivery_of_message(asked(works, **changed), settings=works.workspace.settings, now=works.clock.now())
    return SqlMessages(works.database).ask(new, request=name)[0]


def seen(works: Works, message: MessageSeen) -> MessageSeen:
    found = SqlMessages(works.database).seen(message.id)
    assert found is not None
    return found


def test_it_is_sent_and_stands_in_the_history_without_a_campaign(works: Works) -> None:
    message = ask(works)
    works.settle()
    assert works.sent() == ["ana@example.com"]
    (touch,) = works.touches(Kind.SENT)
    assert (touch.delivery_id, touch.campaign, touch.version, touch.step, touch.run_id) == (message.id, None, None, None, None)
    assert (seen(works, message).state, seen(works, message).channel) == (DeliveryState.SENT, "email")


def test_purposes_decide_by_which_queue_it_goes(works: Works) -> None:
    for purpose in ("service", "care"):
        ask(works, purpose=purpose)
    with works.database.read() as connection:
        assert connection.scalars(sa.select(deliveries.c.queue).order_by(deliveries.c.id)).all() == ["transactional", "bulk"]


def test_its_hour_its_purposes_consent_and_limit_hold(works: Works) -> None:
    later = ask(works, send_at=MONDAY + timedelta(hours=10))  # eleven at night in Ljubljana
    without = ask(works, purpose="marketing")
    works.settle()
    assert (works.sent(), seen(works, without).state, seen(works, without).reason) == ([], DeliveryState.SUPPRESSED, "no_consent")
    works.play(MONDAY + timedelta(hours=11))
    assert (seen(works, later).state, seen(works, later).reason, seen(works, later).due_at) == (
        DeliveryState.WAITING, "quiet_hours", datetime(2026, 2, 24, 7, tzinfo=UTC)
    )
    works.play(MONDAY + timedelta(days=1))
    assert works.sent() == ["ana@example.com"]


def test_it_expires(works: Works) -> None:
    works.operations.pause("all", "", now=works.clock.now())
    message = ask(works)
    works.settle()
    assert seen(works, message).hold == "paused"
    works.play(MONDAY + timedelta(days=8))
    assert (seen(works, message).state, works.sent()) == (DeliveryState.EXPIRED, [])


def test_what_is_taken_back_is_not_sent_even_from_a_workers_hands(works: Works) -> None:
    message = ask(works)
    lease = works.deliveries.claim(now=works.clock.now(), queue="transactional", limit=10, owner="w", lease=timedelta(minutes=1))
    assert lease is not None
    taken = SqlMessages(works.database).take_back(message.id, now=works.clock.now(), by="test")
    assert taken is not None
    with works.deliveries.clearing(lease, lease.delivery_ids, now=works.clock.now()) as clearing:
        assert clearing.candidates() == []
    works.deliveries.release(lease)
    works.settle()
    assert (works.sent(), [touch.reason for touch in works.touches(Kind.CANCELLED)]) == ([], ["taken_back"])


def test_what_was_sent_is_not_taken_back(works: Works) -> None:
    message = ask(works)
    works.settle()
    with pytest.raises(MessageGone):
        SqlMessages(works.database).take_back(message.id, now=works.clock.now(), by="test")


def test_ten_who_ask_under_one_key_at_once_make_one_message(works: Works) -> None:
    name = RequestName(key_id=1, name="k1", fingerprint="f")

    def one(_: int) -> int | None:
        try:
            return ask(works, name).id
        except RequestUnderWay:
            return None

    assert len({made for made in at_once(10, one) if made is not None}) == 1
    works.settle()
    assert works.sent() == ["ana@example.com"]
    assert ask(works, name).state is DeliveryState.WAITING  # as it was answered, not as it is now
    with pytest.raises(RequestRepeated):
        ask(works, RequestName(key_id=1, name="k1", fingerprint="g"))
