"""People merged, or erased, while messages to them are on their way: no hand-off whose clearing began after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Permission, Person
from engage.delivery import conductor
from engage.delivery.points import Point
from engage.delivery.ports import Clearing, Lease
from engage.feedback import Response, Taken
from engage.model.contact import ChannelKind, Consent
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.rows.kept_texts import letters_in
from engage.store.schema.tables import deliveries, runs, touch_details, touches
from engage.store.schema.texts import kept_texts
from tests.engine import MONDAY, Works
from tests.small import small_workspace

PAIRS = 40
AT_ONCE = 4
SOON = MONDAY + timedelta(days=1)


class Noting:
    """The delivery rows, with a note of when each was last begun to be cleared."""

    def __init__(self, rows: SqlDeliveries) -> None:
        self._rows = rows
        self.began: dict[int, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    @contextmanager
    def clearing(self, lease: Lease, ids: Sequence[int], *, now: datetime, renew_by: timedelta | None = None) -> Iterator[Clearing]:
        began = monotonic()
        with self._rows.clearing(lease, ids, now=now, renew_by=renew_by) as clearing:
            yield clearing
            self.began.update(dict.fromkeys(ids, began))


@pytest.fixture
def works(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    """Forty people, each known twice, who wait for a message each by their first record; the second has withdrawn."""
    monkeypatch.setattr(conductor, "BATCH", AT_ONCE)
    works = Works(database, small_workspace())
    works.know(*(f"a{pair}" for pair in range(PAIRS)), *(f"b{pair}" for pair in range(PAIRS)))
    works.ledger.record([
        Consent(contact_id=number(works, f"b{pair}"), purpose="care", channel=None, granted=False, at=MONDAY, source="letter")
        for pair in range(PAIRS)
    ])
    for pair in range(PAIRS):
        works.happen("ticket.closed", f"a{pair}", ticket_id=str(pair))
    works.clock.move(SOON)
    while works.planner.advance(now=SOON):
        pass
    yield works
    works.close()


def number(works: Works, label: str) -> int:
    found = works.people.find(label)
    assert found is not None
    return found.id


def race(works: Works, act: Callable[[int], object]) -> tuple[dict[int, float], dict[int, float]]:
    """Two workers send, while somebody acts on one pair after the other: when each pair was done with, when what was sent was begun.

    They begin at opposite ends, once the first message has gone, and meet somewhere.
    """
    noting = Noting(works.deliveries)
    works.deliveries = noting  # type: ignore[assignment]  # it is one but for the note
    under_way = Event()
    works.at[Point.HANDED_OVER] = under_way.set
    done: dict[int, float] = {}

    def send(name: str) -> None:
        works.another_conductor(name).drain("bulk")

    def decide() -> None:
        assert under_way.wait(timeout=60)
        for pair in reversed(range(PAIRS)):
            act(pair)
            done[pair] = monotonic()

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(send, "one"), pool.submit(send, "two"), pool.submit(decide)]:
            each.result()
    works.settle()
    sent = [message.rendered.approved for message in works.channels["email"].sent]
    return done, {int(each.address.partition("@")[0][1:]): noting.began[each.intent.id] for each in sent}


def assert_nothing_began_too_late(done: dict[int, float], began: dict[int, float]) -> None:
    assert began
    assert {pair for pair, moment in began.items() if moment > done[pair]} == set()


def states(works: Works, table: sa.Table) -> set[str]:
    with works.database.read() as connection:
        return set(connection.scalars(sa.select(table.c.state)))


def test_a_merge_with_somebody_who_withdrew_stops_what_is_not_yet_cleared(works: Works) -> None:
    pairs = {pair: (number(works, f"a{pair}"), number(works, f"b{pair}")) for pair in range(PAIRS)}
    done, began = race(works, lambda pair: works.merging.merge(*pairs[pair], now=SOON, by="tester"))
    assert_nothing_began_too_late(done, began)
    works.merging.gather(now=SOON)
    told = works.touches(Kind.SENT, Kind.SUPPRESSED, Kind.CANCELLED)
    assert len([touch for touch in told if touch.kind is Kind.SENT]) == len(began)
    assert len(told) == PAIRS
    assert {touch.contact_id for touch in told} == {kept for kept, _ in pairs.values()}
    assert "waiting" not in states(works, deliveries)


def test_a_withdrawal_in_an_import_stops_what_is_not_yet_cleared(works: Works) -> None:
    withdrawn = Permission(purpose="care", channel=None, granted=False, at=None, source="import:people.csv")

    def take(pair: int) -> None:
        (stored,) = works.people.upsert([Person(attributes={"external_id": f"a{pair}"}, permissions=(withdrawn,))], now=SOON)
        assert stored.consents == 1

    done, began = race(works, take)
    assert_nothing_began_too_late(done, began)
    assert len(works.touches(Kind.SENT)) == len(began)
    assert len(works.touches(Kind.SENT, Kind.SUPPRESSED)) == PAIRS


def test_an_erasure_stops_what_is_not_yet_cleared_and_leaves_nothing_behind(works: Works) -> None:
    people = {pair: number(works, f"a{pair}") for pair in range(PAIRS)}
    done, began = race(works, lambda pair: works.privacy.erase(people[pair], now=SOON, by="tester"))
    assert_nothing_began_too_late(done, began)
    works.privacy.erase_late(now=SOON)
    with works.database.read() as connection:
        apart = sa.select(sa.func.count()).select_from(touch_details.join(touches, touches.c.id == touch_details.c.touch_id))
        assert connection.scalar(apart.where(touches.c.contact_id.in_(people.values()))) == 0
        assert [letter for body in connection.scalars(sa.select(kept_texts.c.body)) for letter in letters_in(body)] == []
    assert "waiting" not in states(works, deliveries)
    assert states(works, runs) <= {"exited", "returned"}


def test_a_break_that_somebody_takes_stops_what_is_not_yet_cleared(works: Works) -> None:
    people = {pair: number(works, f"a{pair}") for pair in range(PAIRS)}

    def pause(pair: int) -> None:
        line = Consent(
            contact_id=people[pair], purpose="care", channel=ChannelKind.EMAIL, granted=False, at=SOON, source="preferences",
            expires_at=SOON + timedelta(days=30),
        )
        assert works.ledger.record([line]) == 1

    done, began = race(works, pause)
    assert_nothing_began_too_late(done, began)
    refused = works.touches(Kind.SUPPRESSED)
    assert {touch.reason for touch in refused} <= {"no_consent"}
    assert len(works.touches(Kind.SENT)) + len(refused) == PAIRS


def test_an_unsubscription_by_the_link_of_an_earlier_message_stops_what_is_not_yet_cleared(works: Works) -> None:
    works.another_conductor("early").drain("bulk")
    earlier = {touch.contact_id: touch.delivery_id for touch in works.touches(Kind.SENT)}
    works.channels["email"].sent.clear()
    for pair in range(PAIRS):
        works.happen("ticket.closed", f"a{pair}", ticket_id=f"again-{pair}")
    then = SOON + timedelta(days=2)
    works.clock.move(then)
    while works.planner.advance(now=then):
        pass

    def unsubscribe(pair: int) -> None:
        told = Response(kind=Kind.UNSUBSCRIBED, at=then, delivery_id=earlier[number(works, f"a{pair}")], source="link")
        assert works.feedback.take([told], now=then) == [Taken.NEW]

    done, began = race(works, unsubscribe)
    assert_nothing_began_too_late(done, began)
    assert len(works.touches(Kind.UNSUBSCRIBED)) == PAIRS
    assert len(works.touches(Kind.SENT)) == PAIRS + len(began)
