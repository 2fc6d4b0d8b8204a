"""A slice on its way: nothing of it is begun once its time is over, as after a process was frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest

from engage.delivery.points import unheard
from engage.delivery.ports import Answered, Channel, InHand
from engage.delivery.sending import AT_ONCE, Sending, came_late
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Unavailable
from tests.builders import a_cleared, a_rendered, an_approved, an_intent


class OneByOne:
    """A provider that takes a message, and a minute for it."""

    IDEMPOTENT: ClassVar[bool] = False

    def __init__(self, clock: list[float]) -> None:
        self.taken: list[Cleared] = []
        self._clock = clock

    async def send(self, cleared: Cleared) -> Receipt:
        self.taken.append(cleared)
        self._clock[0] += 60
        return Receipt(provider_id="p")

    async def close(self) -> None:
        pass


class AtOnce(OneByOne):
    """The same, of many in one call."""

    async def send_many(
        self, messages: Sequence[Cleared], answered: Answered, *, in_time: Callable[[], bool], in_hand: InHand,
    ) -> None:
        for message in messages:
            answered(message, await self.send(message) if in_time() else Unavailable("too late", code="late"))


@pytest.mark.parametrize("kind", [OneByOne, AtOnce])
def test_what_is_not_begun_in_time_is_not_handed_over_and_tells_nothing_of_the_provider(kind: type[OneByOne]) -> None:
    clock = [0.0]
    channel = kind(clock)
    messages = [_message(number) for number in range(8)]
    sending = _sending(messages, channel, clock, until=90.0)
    asyncio.run(sending.run())
    outcomes = sending.take()
    assert len(channel.taken) == 2
    assert [outcome.error is None for outcome in outcomes] == [True] * 2 + [False] * 6
    assert {outcome.error.code for outcome in outcomes if isinstance(outcome.error, Unavailable)} == {"late"}
    assert [came_late(outcome) for outcome in outcomes] == [False] * 2 + [True] * 6


class Hanging(OneByOne):
    """A provider that takes a message and says nothing, until it is let."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__(clock)
        self.goes_on, self.is_full = asyncio.Event(), asyncio.Event()

    async def send(self, cleared: Cleared) -> Receipt:
        self.taken.append(cleared)
        if len(self.taken) == AT_ONCE:
            self.is_full.set()
        await self.goes_on.wait()
        return Receipt(provider_id="p")


def test_whose_turn_has_not_come_hears_that_its_time_is_over_though_all_others_wait() -> None:
    clock = [0.0]
    channel = Hanging(clock)
    sending = _sending([_message(number) for number in range(AT_ONCE + 7)], channel, clock, until=2.0)

    async def run() -> tuple[int, int]:
        running = asyncio.ensure_future(sending.run())
        await channel.is_full.wait()
        sending.look_at_the_clock()
        in_time, clock[0] = len(sending.take()), 2.0
        sending.look_at_the_clock()
        late = sending.take()
        channel.goes_on.set()
        await running
        return in_time, len([outcome for outcome in late if came_late(outcome)])

    assert asyncio.run(run()) == (0, 7)
    assert (len(channel.taken), len(sending.take()), sending.late) == (AT_ONCE, AT_ONCE, 7)


def _message(number: int) -> Cleared:
    return a_cleared(rendered=a_rendered(approved=an_approved(intent=an_intent(id=number))))


def _sending(messages: Sequence[Cleared], channel: Channel, clock: list[float], *, until: float) -> Sending:
    return Sending(
        messages, name="email", channel=channel, moment=lambda: clock[0], reached=unheard, accepted=lambda message, receipt: None,
        until=until,
    )
