"""Lets Jinja's tags pass unharmed through MJML, Markdown, CSS inlining and the making of text: each becomes one plain word."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import final

from engage.model.errors import Place
from engage.templates.sources import Piece, Tag, Text, moved

WORD = re.compile(r"xq(\d+)j(\d*)qx")
"""`xq7jqx` stands for a tag that prints, `xq7j1qx` for a statement: letters and digits survive in text, attributes and URLs."""

_WORD_IN_HTML = re.compile(r"<!--(xq\d+j1qx)-->|&lt;!--(xq\d+j1qx)--&gt;")
_WORD_AS_ATTRIBUTE = re.compile(r'(xq\d+j\d*qx)=""')
_MARKUP = re.compile(r"(<!--.*?-->|<(?:style|title|script)\b.*?</(?:style|title|script)>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
_JINJA = re.compile(r"\{(?=[{%#])")
_ALONE = re.compile(r"^[ \t]*((?:xq\d+j1qx)(?:[ \t]*xq\d+j1qx)*)[ \t]*(?:\n|\Z)", re.MULTILINE)
_HERE = Place(file="")


@final
class Held:
    """The tags of one template while they are words, and where each stretch of the text came from."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._tags: list[Tag] = []
        self._starts: list[int] = []
        self._pieces = [piece for piece in pieces if piece.text]
        parts: list[str] = []
        length = 0
        for piece in self._pieces:
            text = self.word(piece) if isinstance(piece, Tag) else piece.text
            self._starts.append(length)
            parts.append(text)
            length += len(text)
        self.text = "".join(parts)

    def word(self, tag: Tag) -> str:
        """The word that stands for the tag."""
        self._tags.append(tag)
        return f"xq{len(self._tags) - 1}j{'1' if tag.is_statement else ''}qx"

    def tag(self, number: int) -> Tag:
        """The tag that the word of that number stands for."""
        return self._tags[number]

    def lost(self, text: str, *, statements_only: bool = False) -> Tag | None:
        """The first tag whose word the text has no more."""
        there = {int(number) for number, _ in WORD.findall(text)}
        wanted = ((number, tag) for number, tag in enumerate(self._tags) if tag.is_statement or not statements_only)
        return next((tag for number, tag in wanted if number not in there), None)

    def place(self, offset: int) -> Place:
        """Where the character at this index of `text` came from."""
        at = max(0, bisect_right(self._starts, offset) - 1)
        if not self._pieces:
            return _HERE
        piece = self._pieces[at]
        return piece.place if isinstance(piece, Tag) else moved(piece.place, piece.text, offset - self._starts[at])

    def released(self, text: str) -> tuple[Piece, ...]:
        """The pieces again: every word its tag. What merely looks like a tag by now is printed as it stands."""
        pieces: list[Piece] = []
        position = 0
        for found in WORD.finditer(text):
            pieces.append(_literal(text[position : found.start()]))
            pieces.append(self._tags[int(found.group(1))])
            position = found.end()
        pieces.append(_literal(text[position:]))
        return tuple(piece for piece in pieces if piece.text)


def as_comments(html: str) -> str:
    """Statements between elements become comments, which unlike words may stand anywhere in a table."""
    parts = _MARKUP.split(html)
    parts[::2] = [re.sub(r"xq\d+j1qx", lambda match: f"<!--{match.group()}-->", part) for part in parts[::2]]
    return "".join(parts)


def as_words(html: str) -> str:
    """Comments that hold a statement become words again, and attributes that do lose the value that HTML gave them."""
    return _WORD_AS_ATTRIBUTE.sub(r"\1", _WORD_IN_HTML.sub(lambda match: match.group(1) or match.group(2), html))


def without_empty_lines(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """A line that holds nothing but statements leaves no empty line behind; every other line stays as it is."""
    held = Held(pieces)
    return held.released(_ALONE.sub(lambda line: "".join(line.group(1).split()), held.text))


def _literal(text: str) -> Text:
    return Text(text=_JINJA.sub("{{ '{' }}", text), place=_HERE)
