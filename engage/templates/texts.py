"""A text message or a chat message in one language: compiled once from its files, then rendered for each reader."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from engage.model.content import ChatContent, SmsContent
from engage.model.errors import Place
from engage.model.tracking import Tracking
from engage.model.workspace import Files
from engage.templates.catalogue import Parts
from engage.templates.composing import Composer
from engage.templates.email import NOT_TRACKED, check_keys
from engage.templates.escaping import VALUE_BEGINS, VALUE_ENDS, Form, escape_mrkdwn
from engage.templates.faults import TemplateFault
from engage.templates.marking import marked_text
from engage.templates.programs import Compiler, Program, Rendering
from engage.templates.sms import sms_content
from engage.templates.sources import decoded, front_matter
from engage.templates.tracked import KEYS, read_tracking

_VALUE = re.compile(f"{VALUE_BEGINS}(.*?){VALUE_ENDS}", re.DOTALL)
_VERBATIM = frozenset({"url", "image_url", "value", "action_id", "block_id", "type"})
"""Fields of Block Kit that Slack takes as they are; in all others `&`, `<` and `>` of a value are escaped."""

_MAX_BLOCKS = 50


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SmsTemplate:
    text: Program
    tracking: Tracking = NOT_TRACKED

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that it is made of."""
        return (self.text,)

    def render(self, rendering: Rendering) -> SmsContent:
        """The text for one reader. Raises RenderError."""
        return sms_content(_not_empty(self.text, self.text.run(rendering).strip()))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTemplate:
    """`text` is mrkdwn; `blocks` makes Block Kit JSON. Where both are there, the text is what notifications show."""

    text: Program | None
    blocks: Program | None
    tracking: Tracking = NOT_TRACKED

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that it is made of."""
        return tuple(program for program in (self.text, self.blocks) if program is not None)

    def render(self, rendering: Rendering) -> ChatContent:
        """The message for one reader. Raises RenderError."""
        text = _not_empty(self.text, self.text.run(rendering).strip()) if self.text else None
        if self.blocks is None:
            return ChatContent(text=text or "")
        made, blocks = _blocks(self.blocks, self.blocks.run(rendering))
        return ChatContent(text=text or made, blocks=blocks)


def compile_sms(parts: Parts, files: Files, compiler: Compiler, composer: Composer) -> SmsTemplate:
    """Raises TemplateFault. Its links are long ones once they are tracked: only where the file itself asks for it."""
    file = parts["txt"]
    front, body, line = front_matter(decoded(files[file], file), file)
    check_keys(front, KEYS)
    tracking = read_tracking(front, NOT_TRACKED, may=("clicks",))
    pieces = composer.pieces(body, Place(file=file, line=line, column=1))
    return SmsTemplate(text=compiler.compile(marked_text(pieces) if tracking.is_any else pieces, Form.TEXT, file), tracking=tracking)


def compile_chat(parts: Parts, files: Files, compiler: Compiler, composer: Composer) -> ChatTemplate:
    """Raises TemplateFault."""
    return ChatTemplate(
        text=_program(parts["md"], Form.MRKDWN, files, compiler, composer) if "md" in parts else None,
        blocks=_program(parts["json.j2"], Form.BLOCKS, files, compiler, composer) if "json.j2" in parts else None,
    )


def _program(file: str, form: Form, files: Files, compiler: Compiler, composer: Composer) -> Program:
    front, body, line = front_matter(decoded(files[file], file), file)
    check_keys(front, ())
    return compiler.compile(composer.pieces(body, Place(file=file, line=line, column=1)), form, file)


def _not_empty(program: Program, text: str) -> str:
    if not text:
        raise TemplateFault(Place(file=program.lines.file), "the message is empty")
    return text


def _blocks(program: Program, made: str) -> tuple[str, tuple[Mapping[str, object], ...]]:
    """The notification's text and the blocks. The file makes a list of blocks, or an object with `blocks` and `text`."""
    place = Place(file=program.lines.file)
    try:
        whole = _escaped(json.loads(made), "")
    except RecursionError as error:
        raise TemplateFault(place, "this makes JSON whose brackets stand in one another too deep") from error
    except json.JSONDecodeError as error:
        raise TemplateFault(place, f"this does not make JSON: {error.msg} in line {error.lineno} of what it makes") from error
    blocks = whole.get("blocks") if isinstance(whole, dict) else whole
    if not isinstance(blocks, list) or not blocks or not all(isinstance(block, dict) and "type" in block for block in blocks):
        raise TemplateFault(place, 'this does not make Block Kit: a list of blocks, or {"text": …, "blocks": […]}')
    if len(blocks) > _MAX_BLOCKS:
        raise TemplateFault(place, f"Slack takes {_MAX_BLOCKS} blocks at most")
    text = whole.get("text") if isinstance(whole, dict) else None
    return text if isinstance(text, str) and text else "\n".join(_texts(blocks)), tuple(blocks)


def _escaped(value: object, key: str) -> object:
    match value:
        case str():
            escape = str if key in _VERBATIM else escape_mrkdwn
            return _VALUE.sub(lambda match: escape(match.group(1)), value)
        case dict():
            return {_escaped(name, "value"): _escaped(item, str(name)) for name, item in value.items()}
        case list():
            return [_escaped(item, key) for item in value]
        case _:
            return value


def _texts(blocks: object) -> list[str]:
    """The texts of blocks, in order, for notifications."""
    match blocks:
        case list():
            return [text for block in blocks for text in _texts(block)]
        case {"type": "mrkdwn" | "plain_text", "text": str(text)}:
            return [text]
        case dict():
            return [text for key in ("text", "fields", "elements") for text in _texts(blocks.get(key))]
        case _:
            return []
