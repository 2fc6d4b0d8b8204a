"""A provider that takes its time: a slice is cleared for two seconds, and what is not begun by then is asked for anew. One that is silent
keeps nothing that goes by others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from engage.delivery.conductor import BEGIN_WITHIN
from engage.model.delivery import Cleared, Receipt
from engage.store.database import Database
from engage.store.delivery.notices import SqlNotices, standings
from engage.store.schema.tables import batches, deliveries
from tests.engine import MONDAY, Works
from tests.fakes.channel import FakeChannel
from tests.integration.test_providers import NEWS, Machine, workspace_of
from tests.small import SETTINGS, small_workspace
from tests.waiting import until

PEOPLE = [f"p{number:02}" for number in range(30)]


class Slow(FakeChannel):
    """Takes a second for each message, one after the other; `then` comes behind the third."""

    def __init__(self, machine: Machine, then: Callable[[], None]) -> None:
        super().__init__()
        self.begun_at: list[float] = []
        self._machine, self._then = machine, then

    async def send(self, cleared: Cleared) -> Receipt:
        self.begun_at.append(self._machine.at)
        receipt = await super().send(cleared)
        self._machine.at += 1
        if len(self.sent) == 3:
            self._then()
        return receipt


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, workspace_of("adapter: console"))
    made.know(*PEOPLE)
    for label in PEOPLE:
        made.happen("ticket.closed", label, ticket_id=label)
    made.planner.advance(now=MONDAY)
    yield made
    made.close()


def test_a_pause_holds_what_was_cleared_before_it_and_not_begun_soon(works: Works, machine: Machine) -> None:
    paused_at: list[float] = []

    def pause() -> None:
        works.operations.pause("campaign", "newsletter", now=MONDAY)
        paused_at.append(machine.at)

    channel = works.channels["email"] = Slow(machine, pause)
    works.another_conductor("slow", machine).drain("transactional")
    assert max(channel.begun_at) < paused_at[0] + BEGIN_WITHIN
    with works.database.read() as connection:
        held = connection.scalar(sa.select(sa.func.count()).where(deliveries.c.hold == "paused", deliveries.c.attempts == 0))
    assert held == len(PEOPLE) - len(channel.sent)


def test_what_was_not_begun_in_time_goes_later_each_once_and_at_no_cost(works: Works, machine: Machine) -> None:
    channel = works.channels["email"] = Slow(machine, lambda: None)
    works.another_conductor("slow", machine).drain("transactional")
    assert sorted(works.sent()) == [f"{label}@example.com" for label in PEOPLE]
    assert len(channel.tried) == len(PEOPLE)
    assert {touch.kind.value for touch in works.touches()} <= {"event", "entered", "sent"}


class Silent(FakeChannel):
    """Takes a message and says nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks = asyncio.Event()

    async def send(self, cleared: Cleared) -> Receipt:
        receipt = await super().send(cleared)
        await self.speaks.wait()
        return receipt

    async def speak(self) -> None:
        self.speaks.set()


BOTH_WAYS = {
    "engage.yaml": SETTINGS, "campaigns/birthday.yaml": None, "campaigns/follow_up.yaml": None,
    "campaigns/newsletter.yaml": NEWS.replace("CHANNEL", "email"),
    "campaigns/texts.yaml": NEWS.replace("CHANNEL", "sms").replace("ticket.closed", "ticket.reopened"),
    "templates/news/sms.txt": "The news.",
}


@pytest.fixture
def both_ways(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**BOTH_WAYS))
    made.know("ana", phone="+38640111222")
    made.know("bor", phone="+38640111333")
    for event in ("ticket.closed", "ticket.reopened"):
        for label in ("ana", "bor"):
            made.happen(event, label, ticket_id=label)
    made.planner.advance(now=MONDAY)
    yield made
    made.close()


def state_counts(works: Works) -> dict[tuple[str, str], int]:
    asked = sa.select(deliveries.c.campaign, deliveries.c.state, sa.func.count()).group_by(deliveries.c.campaign, deliveries.c.state)
    with works.database.read() as connection:
        return {(campaign, state): number for campaign, state, number in connection.execute(asked)}


def leases(works: Works) -> int:
    with works.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(batches)) or 0


def test_while_a_provider_is_silent_what_goes_by_others_goes_and_it_is_given_no_more(both_ways: Works) -> None:
    channel = both_ways.channels["email"] = Silent()
    both_ways.shared = {"notices": SqlNotices(both_ways.database, owner="one")}
    worker = both_ways.another_conductor("one", patience=0.05)
    worker.drain("transactional")
    assert state_counts(both_ways) == {("newsletter", "sending"): 2, ("texts", "sent"): 2}
    both_ways.happen("ticket.closed", "ana", id="another", ticket_id="another")
    both_ways.planner.advance(now=MONDAY)
    worker.drain("transactional")
    assert len(channel.tried) == 2
    until(lambda: [standing.reason for standing in standings(both_ways.database)] == ["silent"])
    assert leases(both_ways) == 1, "what it took is in hand"
    both_ways.finish(channel.speak())
    worker.finish(within=10)
    assert (leases(both_ways), standings(both_ways.database)) == (0, [])
    with both_ways.database.begin() as connection:
        connection.execute(sa.update(deliveries).where(deliveries.c.state == "waiting").values(retry_at=None))
    worker.drain("transactional")
    assert state_counts(both_ways) == {("newsletter", "sent"): 3, ("texts", "sent"): 2}
    assert len(channel.tried) == 3
