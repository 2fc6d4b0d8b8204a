"""Endpoints in a simulation: a call of the step `call` -> its scripted answer, a while later; without one it fails for good at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from engage.delivery.calling import Answered, Calls, DueCall, GaveUp
from engage.model.contact import Contact
from engage.model.localtime import add_everywhere, known
from engage.model.workspace import Settings
from engage.rules.answers import GivenReply
from engage.simulation.agenda import Agenda

AT_ONCE = 100
FOR_EVER = timedelta(days=36_500)
"""A call in hand stays there: nobody crashes in a simulation."""

UNSCRIPTED = "no_answer_scripted"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Replying:
    """A reply of a script, about the contact as it is stored (None: about everybody)."""

    reply: GivenReply
    contact_id: int | None

    def fits(self, call: DueCall) -> bool:
        """Whether the call gets this reply."""
        return call.endpoint == self.reply.endpoint and self.contact_id in (None, call.contact_id)


@final
class Replies:
    """Takes every call at the moment at which it is made; the first reply that fits is given. The port `Answering`."""

    def __init__(
        self, replies: Sequence[Replying], *, calls: Calls, contact: Callable[[int], Contact | None], settings: Settings
    ) -> None:
        self._replies = replies
        self._calls = calls
        self._contact = contact
        self._settings = settings
        self._coming = Agenda[tuple[DueCall, object]]()
        self._given: set[int] = set()

    def next_moment(self) -> datetime | None:
        """When the next reply comes."""
        return self._coming.next_moment()

    def give(self, *, now: datetime) -> int:
        """Take the calls that were made, give the replies that have come by now; how many calls are over."""
        over = 0
        while made := self._calls.claim(limit=AT_ONCE, lease=FOR_EVER):
            over += sum(self._take(call, now) for call in made)
        for call, answer in self._coming.come(now):
            self._calls.settle(call, Answered(answer=answer), now=now)
            over += 1
        return over

    def left(self) -> Sequence[GivenReply]:
        """The replies to what was never called."""
        return [replying.reply for number, replying in enumerate(self._replies) if number not in self._given]

    def _take(self, call: DueCall, now: datetime) -> bool:
        """Whether it is over already, as nobody replies."""
        number = next((number for number, replying in enumerate(self._replies) if replying.fits(call)), None)
        if number is None:
            self._calls.settle(call, GaveUp(code=UNSCRIPTED), now=now)
            return True
        self._given.add(number)
        reply, contact = self._replies[number].reply, self._contact(call.contact_id)
        at = now if contact is None else add_everywhere(now, reply.after, known(contact.zones, self._settings.timezone))
        self._coming.note(at, (call, reply.data))
        return False
