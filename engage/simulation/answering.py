"""Scripted answers, given as things go on: a message that was sent -> what comes back of it, a while later. The port `Answering`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from engage.feedback import Feedback, Response
from engage.model.contact import Contact
from engage.model.history import Kind, Touch
from engage.model.localtime import add_everywhere, known
from engage.model.workspace import Settings
from engage.rules.answers import GivenAnswer
from engage.simulation.agenda import Agenda


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An answer of a script, about the contact as it is stored (None: about everybody)."""

    answer: GivenAnswer
    contact_id: int | None

    def fits(self, touch: Touch) -> bool:
        """Whether this was sent, and is what the answer is about."""
        answer = self.answer
        return (
            touch.kind is Kind.SENT and touch.message == answer.message
            and self.contact_id in (None, touch.contact_id) and answer.channel in (None, touch.channel)
        )


@final
class Answers:
    """Watches the history for what is sent, and gives the answers in the order of their moments."""

    def __init__(
        self, asked: Sequence[Asked], *, news: Callable[[], Iterable[Touch]], contact: Callable[[int], Contact | None],
        feedback: Feedback, settings: Settings,
    ) -> None:
        self._asked = asked
        self._news = news
        self._contact = contact
        self._feedback = feedback
        self._settings = settings
        self._coming = Agenda[Response]()
        self._given: set[int] = set()

    def next_moment(self) -> datetime | None:
        """When the next answer comes to what has been sent so far."""
        return self._coming.next_moment()

    def give(self, *, now: datetime) -> int:
        """Give the answers that have come by now, to what was sent just now too; how many."""
        for touch in self._news():
            self._answer(touch)
        come = list(self._coming.come(now))
        if come:
            self._feedback.take(come, now=now)
        return len(come)

    def left(self) -> Sequence[GivenAnswer]:
        """The answers to what was never sent."""
        return [asked.answer for number, asked in enumerate(self._asked) if number not in self._given]

    def _answer(self, touch: Touch) -> None:
        for number, asked in enumerate(self._asked):
            if asked.fits(touch):
                self._given.add(number)
                response = self._response(asked.answer, touch)
                self._coming.note(response.at, response)

    def _response(self, answer: GivenAnswer, touch: Touch) -> Response:
        contact = self._contact(touch.contact_id) if touch.contact_id is not None else None
        zones = known(contact.zones, self._settings.timezone) if contact is not None else None
        at = touch.at if zones is None else add_everywhere(touch.at, answer.after, zones)
        return Response(
            kind=answer.kind, at=at, delivery_id=touch.delivery_id, channel=touch.channel, url=answer.url, text=answer.text,
            reason=answer.reason, machine=answer.machine, source="script",
        )
