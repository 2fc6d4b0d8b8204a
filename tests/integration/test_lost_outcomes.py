"""A worker that cannot write down what came of a slice gives its lease back, and begins nothing more of it: others have it by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import pytest

from engage.delivery.points import Point
from engage.delivery.ports import Answered, InHand
from engage.model.delivery import Cleared
from engage.model.errors import Unavailable
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.fakes.channel import FakeChannel
from tests.integration.test_providers import workspace_of


class OneAfterAnother(FakeChannel):
    """A provider of one connection; after its first message it waits until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.has_ended = asyncio.Event()

    async def send_many(
        self, messages: Sequence[Cleared], answered: Answered, *, in_time: Callable[[], bool], in_hand: InHand,
    ) -> None:
        for message in messages:
            answered(message, await self.send(message) if in_time() else Unavailable("too late", code="late"))
            await self.goes_on.wait()
        self.has_ended.set()

    async def finish(self) -> None:
        self.goes_on.set()
        await self.has_ended.wait()


@pytest.fixture
def works(sqlite_url: str) -> Iterator[Works]:
    made = Works(Database.open(sqlite_url), workspace_of("adapter: console"))
    for label in ("ana", "bor", "cene"):
        made.know(label)
        made.happen("ticket.closed", label, ticket_id=label)
    made.planner.advance(now=MONDAY)
    yield made
    made.close()
    made.database.close()


def test_of_a_slice_whose_outcomes_cannot_be_written_nothing_more_is_begun(works: Works) -> None:
    channel = works.channels["email"] = OneAfterAnother()

    def breaks() -> None:
        raise OSError("the database is away")

    works.at[Point.RECORDING] = breaks
    with pytest.raises(OSError, match="away"):
        works.conductor.work("transactional")
    works.finish(channel.finish())
    assert len(channel.sent) == 1
