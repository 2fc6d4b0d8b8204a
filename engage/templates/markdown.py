"""Markdown -> HTML, once per file, with Jinja's tags in it; the HTML is what a layout's `content` block is filled with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from threading import Lock

from markdown_it import MarkdownIt

from engage.templates.placeholders import Held, as_words
from engage.templates.sources import Piece

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_ALONE = re.compile(r"^[ \t]*(?:xq\d+j1qx[ \t]*)+$", re.MULTILINE)
_STATEMENT = re.compile(r"xq\d+j1qx")
_LOOPED_LIST = re.compile(
    r"(?P<opens><!--xq\d+j1qx-->)\s*<(?P<kind>ul|ol)>(?P<items>(?:(?!<[uo]l>).)*?)</(?P=kind)>\s*(?P<ends><!--xq\d+j1qx-->)", re.DOTALL
)
_ONE_AT_A_TIME = Lock()
"""The parser compiles its rules as it first parses, and fills a table as it first meets a link: a thread in between finds half of them."""


def to_html(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The HTML as pieces again. A statement alone on its line stands between blocks; a loop over items is one list."""
    held = Held(pieces)
    text = _ALONE.sub(lambda line: _STATEMENT.sub(lambda word: f"<!--{word.group()}-->", line.group().strip()), held.text)
    with _ONE_AT_A_TIME:
        html = str(_MARKDOWN.render(text))
    return held.released(as_words(_LOOPED_LIST.sub(_one_list, html)))


def _one_list(match: re.Match[str]) -> str:
    return f"<{match['kind']}>{match['opens']}{match['items']}{match['ends']}</{match['kind']}>"
