"""A cleared slice on its way: handed to its channel at once, its answers gathered as they come.

An adapter that can take many messages in one call gets them so, and answers through a callback: no task and no future a message. To
others they go one by one, many at the same time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import final

import structlog

from engage.delivery.points import Point, Reached
from engage.delivery.ports import LATE, NOBODY, Channel, InHand, Outcome, TakesMany, unnoted
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed

log = structlog.get_logger()

AT_ONCE = 100
"""As many connections as an HTTP client keeps: one more would wait for one of them as if the provider could not be reached."""


@final
class Sending:
    """One slice for one channel; its methods are for the loop. `accepted` is told each yes at once.

    Nothing is begun later than `until`, by the machine clock `moment`: whoever was frozen on the way, or has a slow provider, must not
    hand over what others have in hand by now, what is paused, or what was unsubscribed from meanwhile.
    """

    def __init__(
        self, messages: Sequence[Cleared], *, name: str, channel: Channel, moment: Callable[[], float], reached: Reached,
        accepted: Callable[[Cleared, Receipt], None], until: float, in_hand: InHand = unnoted,
    ) -> None:
        self.until = until
        self.late = 0
        self._unanswered = {message.intent.id: message for message in messages}
        self._line: deque[Cleared] = deque()
        self._name = name
        self._channel = channel
        self._moment = moment
        self._reached = reached
        self._accepted = accepted
        self._in_hand = in_hand
        self._outcomes: list[Outcome] = []

    async def run(self) -> None:
        """Hand all of them over; returns once each is answered."""
        messages = list(self._unanswered.values())
        if isinstance(self._channel, TakesMany):
            try:
                await self._channel.send_many(messages, self._answer, in_time=self._in_time, in_hand=self._in_hand)
            except Exception as error:  # noqa: BLE001  # what an adapter may not do
                self._broke(error)
        else:
            self._line.extend(messages)
            await asyncio.gather(*(self._send_each(self._channel) for _ in range(min(AT_ONCE, len(messages)))))
        for message in list(self._unanswered.values()):
            self._answer(message, Unconfirmed("the adapter gave no answer"))

    def look_at_the_clock(self) -> None:
        """Answer those whose turn has not come when their time is over, whatever the others wait for."""
        while self._line and not self._in_time():
            self._answer(self._line.popleft(), _late())

    def _in_time(self) -> bool:
        return self._moment() < self.until

    def take(self) -> Sequence[Outcome]:
        """The answers that have come since the last time."""
        taken, self._outcomes = self._outcomes, []
        return taken

    async def _send_each(self, channel: Channel) -> None:
        while self._line:
            await self._send_one(channel, self._line.popleft())

    async def _send_one(self, channel: Channel, message: Cleared) -> None:
        self._in_hand(message.intent.id)
        asyncio.get_running_loop().call_soon(self._in_hand, NOBODY)  # once it waits for the network
        try:
            answer: Receipt | SendError = await channel.send(message) if self._in_time() else _late()
        except (Rejected, Unavailable, Unconfirmed) as error:
            answer = error
        except Exception as error:  # noqa: BLE001  # the same
            self._broke(error, message)
            return
        self._answer(message, answer)

    def _broke(self, error: Exception, *messages: Cleared) -> None:
        """An adapter's own mistake: nobody can know what the provider has of these, or of all that are not answered."""
        for message in messages or list(self._unanswered.values()):
            log.error("channel.broke_its_contract", delivery_id=message.intent.id, channel=self._name, exc_info=error)
            self._settle(Outcome(cleared=message, error=Unconfirmed(type(error).__name__)))

    def _answer(self, message: Cleared, answer: Receipt | SendError) -> None:
        if isinstance(answer, Receipt):
            self._reached(Point.ACCEPTED)
            self._accepted(message, answer)
            self._settle(Outcome(cleared=message, receipt=answer))
        else:
            self._settle(Outcome(cleared=message, error=answer))

    def _settle(self, outcome: Outcome) -> None:
        if self._unanswered.pop(outcome.cleared.intent.id, None) is not None:
            self._outcomes.append(outcome)
            self.late += came_late(outcome)


def came_late(outcome: Outcome) -> bool:
    """Whether it was not begun in time: that tells nothing of its provider."""
    return outcome.error is not None and outcome.error.code == LATE


def _late() -> Unavailable:
    return Unavailable("its time was over before its turn came", code=LATE)
