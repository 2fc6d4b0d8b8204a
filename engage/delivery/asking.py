"""The conductor of questions: an unknown delivery whose provider can be asked -> asked -> sent, or left to people with what is known.

::

    claim    a lease that is the next question's own time, so that no two ask at once
    ask      no transaction is open while the network is
    settle   what was found is `sent`, with the touch `reconciled`; what was not stays unknown

A message that its provider does not have is not sent again by itself: `hold` means that people decide. They see what was answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, final, runtime_checkable

import structlog

from engage.delivery.equipment import Identity, Loop
from engage.model.delivery import Receipt
from engage.model.errors import SendError, Unavailable
from engage.model.missing import Missing
from engage.model.places import places_of
from engage.model.time import Clock

log = structlog.get_logger()

AT_ONCE = 10
LEASE = timedelta(minutes=2)
"""Longer than a question may take."""

SURE_AFTER = timedelta(minutes=2)
"""By then a hand-off is over for the provider too: what is not there is not on its way any more."""

FIRST_PAUSE, LONGEST_PAUSE, QUESTIONS = 30.0, 3600.0, 16
"""Doubled from one to the other, it comes to nearly ten hours."""

ABSENT = "absent"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About one unknown delivery, in hand. `asked` counts from 1 and is the fencing token.

    `way` is by what equipment knows the channel by the provider that has to be asked. `address` is None where it is not known any more;
    `around` is when the hand-off began.
    """

    delivery_id: int
    asked: int
    channel: str
    way: str
    address: str | None
    around: datetime


@runtime_checkable
class Answers(Protocol):
    """A channel whose provider can be asked whether it has a message."""

    async def find(self, missing: Missing) -> Receipt | None:
        """The receipt where the provider has it, None where it surely has not. Raises Unavailable where nobody can know; where
        `configuration` is set there, nobody will until people change something."""
        ...


class Questions(Protocol):
    """Unknown deliveries about which somebody can be asked."""

    def claim(self, *, ways: Sequence[str], limit: int, lease: timedelta) -> Sequence[Question]:
        """Take due ones that went by these ways; each is due again when the lease ends. Counts the question."""
        ...

    def found(self, question: Question, receipt: Receipt, *, now: datetime) -> None:
        """The provider has it: it is `sent`, unless people decided meanwhile."""
        ...

    def answered(self, question: Question, answer: str, *, again_in: float | None) -> None:
        """It was not found, or nobody can know; asked again in so many seconds of the machine clock, None: never."""
        ...


@final
class Asker:
    """Asks about due ones. Safe to use from many threads, and in any number of processes. A business clock that was moved asks nobody:
    providers know the time of day alone."""

    def __init__(
        self, questions: Questions, *, channels: Callable[[], Mapping[str, object]], identity: Identity, clock: Clock, loop: Loop,
        clock_is_real: Callable[[], bool],
    ) -> None:
        self._questions = questions
        self._channels = channels
        self._identity = identity
        self._clock = clock
        self._loop = loop
        self._clock_is_real = clock_is_real

    def ask(self) -> int:
        """Ask about a batch of due ones at once; its size, 0 where nothing is due."""
        if not self._clock_is_real():
            return 0
        who = {name: channel for name, channel in self._channels().items() if isinstance(channel, Answers)}
        due = self._questions.claim(ways=sorted(who), limit=AT_ONCE, lease=LEASE) if who else []
        if due:
            self._loop.run(self._ask_all(due, who))
        return len(due)

    async def _ask_all(self, due: Sequence[Question], who: Mapping[str, Answers]) -> None:
        asked = await asyncio.gather(*(self._ask_one(question, who[question.way]) for question in due), return_exceptions=True)
        for question, error in zip(due, asked, strict=True):
            if error is not None:  # the lease ends, and it is asked again
                log.error(
                    "question.stumbled", delivery_id=question.delivery_id, channel=question.channel, error=type(error).__name__,
                    at=places_of(error),
                )

    async def _ask_one(self, question: Question, channel: Answers) -> None:
        answer = await self._answer(question, channel)
        await asyncio.to_thread(self._settle, question, answer)

    async def _answer(self, question: Question, channel: Answers) -> Receipt | SendError | None:
        if question.address is None:
            return Unavailable("the address that it went to is not known any more", code="address_gone", configuration=True)
        message_id, key = self._identity.names(question.delivery_id)
        missing = Missing(address=question.address, message_id=message_id, idempotency_key=key, around=question.around)
        try:
            return await channel.find(missing)
        except SendError as error:
            return error

    def _settle(self, question: Question, answer: Receipt | SendError | None) -> None:
        now = self._clock.now()
        match answer:
            case Receipt():
                self._questions.found(question, answer, now=now)
                log.info("delivery.reconciled", delivery_id=question.delivery_id, channel=question.channel)
            case None:
                pause = pause_after(question.asked) if now - question.around < SURE_AFTER else None
                self._questions.answered(question, ABSENT, again_in=pause)
            case SendError():
                code = answer.code or type(answer).__name__
                self._questions.answered(question, code, again_in=_again_in(question, answer))
                log.warning("delivery.not_reconciled", delivery_id=question.delivery_id, channel=question.channel, code=code)


def _again_in(question: Question, error: SendError) -> float | None:
    if not isinstance(error, Unavailable) or error.configuration:
        return None
    pause = pause_after(question.asked)
    return None if pause is None else max(pause, error.retry_after or 0.0)


def pause_after(asked: int) -> float | None:
    """Seconds until the next question after so many; None: no more."""
    return None if asked >= QUESTIONS else min(FIRST_PAUSE * 2 ** (asked - 1), LONGEST_PAUSE)
