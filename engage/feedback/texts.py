"""A text message that came in -> STOP, HELP, START or a reply, and what is to be answered. Hooks call `Texts.take`.

STOP blocks the number for SMS altogether, whoever has it, known to us or not; START takes that back and grants nothing: consents stay as
they are, and so does a block for another reason. HELP changes nothing. Everything else is a reply to the last message that went to that
address, and an event `message.replied`. Told twice under one `id`, it counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, final

import structlog

from engage.feedback.consequences import AHEAD, Block, Consequences, Known, consequences, event_of
from engage.feedback.responses import Response, Taken
from engage.feedback.words import Word, word_of
from engage.model.addresses import STOPPED
from engage.model.contact import ChannelKind
from engage.model.history import Kind, Touch
from engage.model.letter import Letter
from engage.model.workspace import Settings, Workspace

log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingText:
    """What somebody wrote back: `sender` is their number in E.164, or their id in a chat, and `id` the provider's name of the message.

    `at` is when it was written; where the provider does not tell, when it came. Words count in SMS only.
    """

    sender: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime
    id: str | None = None
    kind: ChannelKind = ChannelKind.SMS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer:
    """What it was and what became of it; `reply`: what is to be answered, where the provider takes an answer."""

    word: Word | None
    fate: Taken
    reply: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """Who writes: all contacts with that address, the last letter that went to it, and why it is on the suppression list, if it is."""

    address_key: str
    contact_ids: Sequence[int]
    letter: Letter | None
    reason: str | None


class TextTransaction(Protocol):
    """Open until the block ends; then committed together, or not at all where it raises."""

    def correspondent(self, kind: ChannelKind, address: str) -> Correspondent:
        """Who has this address; their contacts are locked until the transaction ends."""
        ...

    def told(self, contact_ids: Sequence[int], id: str) -> bool:
        """Whether a text of that id stands in the history of one of them."""
        ...

    def known(self, letter: Letter) -> Known:
        """What came back of the letter before."""
        ...

    def write(self, new: Consequences) -> None:
        """Write the touch, and what goes with it."""
        ...

    def block(self, block: Block) -> bool:
        """Put the address on the suppression list; False where it is there already."""
        ...

    def unblock(self, address_key: str, *, reason: str) -> bool:
        """Take it off, where it is there for that reason; False where it is not."""
        ...


class TextStore(Protocol):
    """Where it is written."""

    def transaction(self) -> AbstractContextManager[TextTransaction]:
        """One transaction."""
        ...


@final
class Texts:
    """Takes what people text. Safe to use from many threads, and to be told the same thing twice."""

    def __init__(
        self, store: TextStore, *, workspace: Callable[[], Workspace], counted: Callable[[Kind], object] = lambda kind: None
    ) -> None:
        """`counted` is told of each that was new and is a touch, once it is committed."""
        self._store = store
        self._workspace = workspace
        self._counted = counted

    def take(self, text: IncomingText, *, now: datetime) -> TextAnswer:
        """Write what it comes to, in one transaction. A STOP holds for every hand-off that is cleared after this returns."""
        word = word_of(text.text) if text.kind is ChannelKind.SMS else None
        with self._store.transaction() as tx:
            come = _Arrival(tx, text, now=now, workspace=self._workspace())
            word = None if word is Word.START and come.who.reason != STOPPED else word
            fate, kind = come.taken(word)
        if fate is Taken.NEW:
            self._counted(kind)
        log.info("text.taken", word=word.value if word else None, fate=fate.value)
        return TextAnswer(word=word, fate=fate, reply=_reply(word, come.who, self._workspace().settings) if word is not None else None)

@final
class _Arrival:
    """One text and who sent it, inside the transaction."""

    def __init__(self, tx: TextTransaction, text: IncomingText, *, now: datetime, workspace: Workspace) -> None:
        self._tx = tx
        self._text = text
        self._now = now
        self._at = text.at if text.at <= now + AHEAD else now
        self._settings = workspace.settings
        self.who = tx.correspondent(text.kind, text.sender)

    def taken(self, word: Word | None) -> tuple[Taken, Kind]:
        """What became of it, and as what it stands in the history."""
        if self._text.id is not None and self._tx.told(self.who.contact_ids, self._text.id):
            return Taken.KNOWN, Kind.REPLIED
        match word:
            case Word.STOP:
                return self._stop(), Kind.UNSUBSCRIBED
            case Word.START:
                self._tx.unblock(self.who.address_key, reason=STOPPED)
                return self._noted(Kind.REPLIED, reason=word.value), Kind.REPLIED
            case Word.HELP:
                return self._noted(Kind.REPLIED, reason=word.value), Kind.REPLIED
            case None:
                return self._replied(), Kind.REPLIED

    def _stop(self) -> Taken:
        """Every STOP after the first says nothing new; one of a number that is nobody's blocks it all the same."""
        if self.who.reason == STOPPED:
            return Taken.KNOWN
        self._tx.block(Block(address_key=self.who.address_key, kind=self._text.kind, reason=STOPPED, at=self._at))
        self._noted(Kind.UNSUBSCRIBED, reason=STOPPED, told=True)
        return Taken.NEW

    def _replied(self) -> Taken:
        if self.who.letter is None:
            return self._noted(Kind.REPLIED, told=True)
        response = Response(
            kind=Kind.REPLIED, at=self._at, delivery_id=self.who.letter.delivery_id, text=self._text.text, id=self._text.id
        )
        new = consequences(response, self.who.letter, self._tx.known(self.who.letter), settings=self._settings, now=self._now)
        if new is None:
            return Taken.KNOWN
        self._tx.write(new)
        return Taken.NEW

    def _noted(self, kind: Kind, *, reason: str | None = None, told: bool = False) -> Taken:
        """A touch of everybody who has the address, and an event where campaigns are to hear of it."""
        touches = [self._touch(contact_id, kind, reason) for contact_id in self.who.contact_ids]
        for touch in touches:
            self._tx.write(Consequences(touch=touch, event=event_of(touch, received_at=self._now) if told else None))
        return Taken.NEW if touches else Taken.UNMATCHED

    def _touch(self, contact_id: int, kind: Kind, reason: str | None) -> Touch:
        letter = self.who.letter if self.who.letter is not None and self.who.letter.contact_id == contact_id else None
        detail = {} if self._text.id is None else {"id": self._text.id}
        private = {"text": self._text.text} if kind is Kind.REPLIED and reason is None else {}
        by = letter.channel if letter is not None else self._text.kind.value
        touch = Touch(at=self._at, contact_id=contact_id, kind=kind, channel=by, reason=reason, detail=detail, private=private)
        return touch if letter is None else _of_letter(touch, letter)


def _reply(word: Word, who: Correspondent, settings: Settings) -> str | None:
    """The channel's own words, that by which the last message went before others; HELP is always answered (CTIA 5.1.3)."""
    letter = who.letter
    channels = sorted(settings.channels.values(), key=lambda channel: letter is None or channel.name != letter.channel)
    for channel in channels:
        if channel.kind is ChannelKind.SMS and word.value in channel.answers:
            return channel.answers[word.value]
    if word is not Word.HELP:
        return None
    purpose = settings.purposes.get(letter.purpose) if letter is not None else None
    company = (purpose.company if purpose is not None else None) or settings.company
    return f"{company.name}: {settings.public_url} Reply STOP to get no more messages."


def _of_letter(touch: Touch, letter: Letter) -> Touch:
    """The same, of the message that it answers; never before it was handed over."""
    return Touch(
        at=max(touch.at, letter.handed_over_at or letter.at), contact_id=touch.contact_id, kind=touch.kind, campaign=letter.campaign,
        version=letter.version, run_id=letter.run_id, delivery_id=letter.delivery_id, step=letter.step, message=letter.message,
        purpose=letter.purpose, channel=letter.channel, provider=letter.provider, reason=touch.reason, locale=letter.locale,
        detail=touch.detail, private=touch.private,
    )  # fmt: skip
