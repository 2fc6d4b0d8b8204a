"""Scripted answers -> GivenAnswer, GivenReply: what providers, people and endpoints do in a campaign test or a simulation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from engage.model.errors import InputError, Place, Problem
from engage.model.history import Kind
from engage.model.time import Duration
from engage.model.workspace import Files, Settings
from engage.rules.known import refuse_unknown, templates_of
from engage.rules.schema.answers import AnswersFile, CallAnswerSection, MessageAnswerSection
from engage.rules.tree import Items, Map, Scalar, Tree
from engage.rules.validation import read_as

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "~": None}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What comes back `after` each sending of the message. `contact` is an external id, email or phone; None: everybody's."""

    place: Place
    message: str
    contact: str | None
    channel: str | None
    kind: Kind
    after: Duration
    url: str | None = None
    text: str | None = None
    reason: str | None = None
    machine: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReply:
    """What an endpoint answers each time it is called, `after` that. `data` is a JSON value."""

    place: Place
    endpoint: str
    contact: str | None
    data: object
    after: Duration


Answer = GivenAnswer | GivenReply
AnswerSection = MessageAnswerSection | CallAnswerSection


def load_answers(file: str, content: bytes, *, files: Files, settings: Settings) -> tuple[Answer, ...]:
    """The answers of a file of its own, about the workspace. Raises InputError with everything that is wrong with it."""
    problems: list[Problem] = []
    written = read_as(AnswersFile, file, content, problems)
    answers = read_answers(written.answers, files=files, settings=settings, problems=problems) if written is not None else ()
    if problems:
        raise InputError(problems)
    return answers


def read_answers(
    sections: Sequence[AnswerSection], *, files: Files, settings: Settings, problems: list[Problem]
) -> tuple[Answer, ...]:
    """The answers; names that the workspace does not know are added to `problems`."""
    return tuple(_read(section, files, settings, problems) for section in sections)


def _read(section: AnswerSection, files: Files, settings: Settings, problems: list[Problem]) -> Answer:
    after = section.after or Duration()
    contact = _text(section.contact)
    match section:
        case MessageAnswerSection():
            _check(section.message, "message", templates_of(files), problems)
            _check(section.channel, "channel", settings.channels, problems)
            return GivenAnswer(
                place=section.place, message=str(section.message), contact=contact, after=after, kind=Kind(section.kind.value),
                channel=_text(section.channel), url=_text(section.url), text=_text(section.text), reason=_text(section.reason),
                machine=section.machine,
            )
        case CallAnswerSection():
            _check(section.call, "endpoint", settings.endpoints, problems)
            return GivenReply(place=section.place, endpoint=str(section.call), contact=contact, after=after, data=_json(section.data))


def _text(written: Scalar | None) -> str | None:
    return None if written is None else str(written)


def _check(name: Scalar | None, called: str, known: Mapping[str, object], problems: list[Problem]) -> None:
    if name is not None and name not in known:
        refuse_unknown(called, name, known, problems, "does not exist")


def _json(tree: Tree) -> object:
    """What was written, as JSON: plain numbers, `true`, `false` and `null` are that, everything else is text."""
    match tree:
        case Map():
            return {str(key): _json(value) for key, value in tree.items()}
        case Items():
            return [_json(value) for value in tree]
        case _:
            return _scalar(tree)


def _scalar(text: Scalar) -> object:
    if not text.plain:
        return str(text)
    if text.is_blank:
        return None
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return _WORDS.get(text, str(text))
