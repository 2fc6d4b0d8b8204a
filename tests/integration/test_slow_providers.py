"""A provider that takes its time: a slice is cleared for two seconds, and what is not begun by then is asked for anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from engage.delivery.conductor import BEGIN_WITHIN
from engage.model.delivery import Cleared, Receipt
from engage.store.database import Database
from engage.store.tables import deliveries
from tests.engine import MONDAY, Works
from tests.fakes.channel import FakeChannel
from tests.integration.test_providers import Machine, workspace_of

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
