"""A request to `/hooks/{name}` -> what it says, taken in: proven first, then read, then written, then remembered.

The rule for what comes twice: the same signed request again within 24 hours is answered as the first was, and does nothing, since every
source tries again what it got no answer to. It is remembered once all of it is written, so that a crash in between loses nothing;
two copies at once do nothing twice either, as events go by their ids and touches by what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

import structlog

from engage.feedback import Response, Taken
from engage.feedback.texts import IncomingText
from engage.hooks.found import Answer, Found, Person, Reply, Report, Told
from engage.hooks.ports import Intake, Memory, Network, Rates, Responses, Texts, TooMany, Unreachable
from engage.hooks.proof import REPEATED_WITHIN, NotProven, Proven
from engage.hooks.request import HookRequest, malformed
from engage.hooks.sources import SOURCES
from engage.hooks.telling import attributes_of, event_of, updated
from engage.model.contact import ChannelKind
from engage.model.errors import InputError
from engage.model.hooks import Hook
from engage.model.time import Clock
from engage.model.workspace import Settings, Workspace

LONGEST_WORD = 80

log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request. `repeated`: it was known, and did nothing. `refused` are sentences about what could not be used.

    `reply` is what the person who wrote is to be answered.
    """

    answer: Answer
    repeated: bool = False
    events: int = 0
    touches: int = 0
    replies: int = 0
    reply: str | None = None
    ignored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Takes what other systems post. Safe to use from many threads.

    `delivery_in` finds our delivery by a text in which its key or Message-ID may stand. `machine_now` is the clock of signatures.
    """

    workspace: Callable[[], Workspace]
    clock: Clock
    machine_now: Callable[[], datetime]
    intake: Intake
    responses: Responses
    memory: Memory
    texts: Texts
    network: Network
    rates: Rates
    delivery_in: Callable[[str], int | None]
    certificates: dict[str, bytes] = field(default_factory=dict, init=False)

    def find(self, name: str) -> Hook | None:
        """The hook of that name in engage.yaml."""
        return self.workspace().settings.hooks.get(name)

    def take(self, hook: Hook, request: HookRequest) -> Outcome:
        """Take it in. Raises NotProven, TooMany, InputError for what cannot be read, and Unreachable."""
        source, machine = SOURCES[hook.source], self.machine_now()
        try:
            proof = source.prove(hook, request, machine, self._certificate)
        except NotProven as error:
            log.warning("hook.refused", hook=hook.name, why=str(error))
            raise
        wait = self.rates.wait(hook)  # only now: whoever cannot prove anything uses up nothing of the source's
        if wait > 0:
            log.warning("hook.too_many", hook=hook.name)
            raise TooMany(wait)
        if self.memory.has_seen(hook.name, proof.mark, since=machine - proof.remembered):
            log.info("hook.repeated", hook=hook.name)
            return Outcome(answer=source.read(hook, request, machine).answer, repeated=True)
        outcome = self._write(hook, proof, source.read(hook, request, machine), machine)
        self.memory.keep(hook.name, proof.mark, now=machine)
        return outcome

    def _write(self, hook: Hook, proof: Proven, found: Found, machine: datetime) -> Outcome:
        now = self.clock.now()
        refused = list(dict.fromkeys(found.refused))
        fallback = _name(hook, proof, machine)
        told = [*((each, None) for each in found.told), *((updated(each), each) for each in found.people)]
        events = sum(self._happened(hook, each, person, f"{fallback}:{place}", now, refused) for place, (each, person) in enumerate(told))
        touches = self._report(found.reports, now)
        words = [word for reply in found.replies if (word := self._reply(hook, reply, now)) is not None]
        if found.visit is not None:
            self.network.get(found.visit)
            log.info("hook.confirmed", hook=hook.name)
        self.intake.told()
        _say(hook, found, refused)
        if refused and not events and not touches and not found.replies:
            raise InputError.of("; ".join(refused), file="hook")
        return Outcome(
            answer=_answer(hook, found, words), reply=next(iter(words), None), events=events, touches=touches, replies=len(found.replies),
            ignored=_short(found.ignored), refused=tuple(refused),
        )

    def _happened(self, hook: Hook, told: Told, person: Person | None, fallback: str, now: datetime, refused: list[str]) -> bool:
        """Take one event in; whether it was news. What cannot be used is added to `refused`, so that the others are not lost by it."""
        settings = self.workspace().settings
        try:
            contact_id = self._who(hook, told, person, settings, now, refused)
            event = event_of(hook, told, settings=settings, fallback=fallback, contact_id=contact_id, now=now)
        except InputError as error:
            refused.extend(problem.what for problem in error.problems)
            return False
        return self.intake.take(event)

    def _who(self, hook: Hook, told: Told, person: Person | None, settings: Settings, now: datetime, refused: list[str]) -> int | None:
        """The contact, where we know it by more than the event's reference. A person that is told of is changed, or made."""
        if person is not None:
            attributes, unusable = attributes_of(person, settings)
            refused.extend(unusable)
            return self.memory.tell(hook.name, person.subject, attributes, at=min(person.at or now, now), now=now)
        if told.chat_id is None:
            return None
        found = self.memory.contact_by(ChannelKind.CHAT, told.chat_id)
        if found is None:
            raise malformed("nobody has this chat id")
        return found

    def _reply(self, hook: Hook, reply: Reply, now: datetime) -> str | None:
        at = min(reply.at or now, now)
        text = IncomingText(sender=reply.sender, text=reply.text, at=at, id=f"{hook.name}:{reply.id}", kind=reply.kind)
        return self.texts.take(text, now=now).reply

    def _report(self, reports: tuple[Report, ...], now: datetime) -> int:
        responses = [response for report in reports if (response := self._response(report, now)) is not None]
        taken = self.responses.take(responses, now=now) if responses else ()
        strangers = len(reports) - len(responses) + sum(each is Taken.UNMATCHED for each in taken)
        if strangers:
            log.info("hook.not_ours", messages=strangers)
        return sum(each is Taken.NEW for each in taken)

    def _response(self, report: Report, now: datetime) -> Response | None:
        """The report as one about a delivery of ours; None where nothing says which."""
        delivery_id = next((found for mark in report.marks if (found := self.delivery_in(mark)) is not None), None)
        if delivery_id is None and (report.address is None or report.provider_id is None):
            return None
        return Response(
            kind=report.kind, at=report.at or now, delivery_id=delivery_id, contact=report.address, provider_id=report.provider_id,
            reason=report.reason, url=report.url, text=report.text, machine=report.machine,
        )

    def _certificate(self, url: str) -> bytes:
        if url not in self.certificates:
            if len(self.certificates) >= 20:
                self.certificates.clear()
            self.certificates[url] = self.network.get(url)
        return self.certificates[url]


def _name(hook: Hook, proof: Proven, machine: datetime) -> str:
    """What an event is called whose source has no name for it: by what was proven, and of what is not signed for the while."""
    if proof.remembered is not REPEATED_WITHIN:
        return proof.mark[:32]
    return f"{proof.mark[:32]}.{int(machine.timestamp() // REPEATED_WITHIN.total_seconds())}"


def _answer(hook: Hook, found: Found, words: list[str]) -> Answer:
    """The source's own, with what a person is to be told where it carries that."""
    reply = SOURCES[hook.source].reply
    return reply(words[0]) if words and reply is not None else found.answer


def _short(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in words))


def _say(hook: Hook, found: Found, refused: list[str]) -> None:
    told: Mapping[str, object] = {"hook": hook.name, "source": hook.source}
    if found.ignored:
        log.info("hook.ignored", **told, words=len(found.ignored))
    if refused:
        log.warning("hook.not_usable", **told, events=len(refused))


__all__ = ["Hooks", "Outcome", "Unreachable"]
