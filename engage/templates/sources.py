"""A template's text, cut into plain text and Jinja's tags, each with its place; and the front matter before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from engage.model.errors import Place
from engage.templates import documents
from engage.templates.documents import MAX_BYTES
from engage.templates.faults import TemplateFault

_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_OPENS = re.compile(r"\{[{%#]")
_INSIDE = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[-+]?[%}]\}|[({\[]|[)}\]]""", re.DOTALL)
_STATEMENT = re.compile(r"\{%[-+]?\s*(\w+)\s*(.*?)\s*[-+]?%\}\Z", re.DOTALL)
_OURS = re.compile(r"\btracked_(?:link|picture)\b")
_RAW_ENDS = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text of the file."""

    text: str
    place: Place


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """`{{ … }}`, `{% … %}` or a whole `{% raw %}` region. `keyword` is the statement's, `argument` what follows it."""

    text: str
    place: Place
    keyword: str = ""
    argument: str = ""

    @property
    def is_statement(self) -> bool:
        """Whether it prints nothing itself."""
        return bool(self.keyword) and self.keyword != "raw"


Piece = Text | Tag


def decoded(content: bytes, file: str) -> str:
    """The file's text, with `\\n` for line ends. Raises TemplateFault: not UTF-8, larger than 256 KB."""
    if len(content) > MAX_BYTES:
        raise TemplateFault(Place(file=file), "the file is larger than 256 KB")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise TemplateFault(Place(file=file), "the file is not UTF-8") from error


def front_matter(text: str, file: str) -> tuple[documents.Mapping, str, int]:
    """The front matter, the body, and the body's first line. Raises TemplateFault."""
    found = _FRONT.match(text)
    if found is None:
        return documents.Mapping(entries={}, place=Place(file=file, line=1, column=1)), text, 1
    tree = documents.read(found.group(1), file, first_line=2)
    return tree, text[found.end() :], text.count("\n", 0, found.end()) + 1


def scan(text: str, start: Place) -> tuple[Piece, ...]:
    """The pieces of a text that stands at `start`; comments are left out. Raises TemplateFault for a tag without an end."""
    return tuple(_pieces(text, start))


def _pieces(text: str, start: Place) -> Iterator[Piece]:
    position = 0
    while (opens := _OPENS.search(text, position)) is not None:
        at = opens.start()
        if at > position:
            yield Text(text=text[position:at], place=moved(start, text, position))
        place = moved(start, text, at)
        position = _end(text, at, place)
        if not text.startswith("{#", at):
            tag = text[at:position]
            if (ours := _OURS.search(tag)) is not None:
                raise TemplateFault(place, f"{ours.group()} is not for templates: links are tracked by the front matter's track")
            statement = _STATEMENT.match(tag)
            if statement is not None and statement.group(1) == "raw":
                position = _raw_end(text, position, place)
                tag = text[at:position]
            keyword, argument = statement.groups() if statement is not None else ("", "")
            yield Tag(text=tag, place=place, keyword=keyword, argument=argument)
        elif _stands_alone(text, at, position):
            position += 1  # as for a statement: a comment alone on its line leaves no empty one
    if position < len(text):
        yield Text(text=text[position:], place=moved(start, text, position))


def moved(start: Place, text: str, by: int) -> Place:
    """The place of the character at index `by` of a text that stands at `start`."""
    lines = text.count("\n", 0, by)
    column = by - text.rfind("\n", 0, by) if lines else start.column + by
    return Place(file=start.file, line=start.line + lines, column=column)


def _end(text: str, at: int, place: Place) -> int:
    if text.startswith("{#", at):
        closes = text.find("#}", at + 2)
        if closes < 0:
            raise TemplateFault(place, "this comment is never closed with #}")
        return closes + 2
    wanted = "}}" if text.startswith("{{", at) else "%}"
    depth, position = 0, at + 2
    while (found := _INSIDE.search(text, position)) is not None:
        token = found.group()
        if depth == 0 and token.endswith(wanted) and token[0] not in "\"'":
            return found.end()
        position = found.end()
        if token in ("(", "[", "{"):
            depth += 1
        elif token[0] not in "\"'\\":
            depth, position = max(0, depth - 1), found.start() + 1
    raise TemplateFault(place, f"this tag is never closed with {wanted}")


def _raw_end(text: str, position: int, place: Place) -> int:
    closes = _RAW_ENDS.search(text, position)
    if closes is None:
        raise TemplateFault(place, "raw is never closed with {% endraw %}")
    return closes.end()


def _stands_alone(text: str, at: int, end: int) -> bool:
    return text[end : end + 1] == "\n" and not text[text.rfind("\n", 0, at) + 1 : at].strip()
