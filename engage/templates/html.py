"""Finishes a mail's HTML once per file: CSS inlined, language and direction set, the preheader put in; and its text made."""

from __future__ import annotations

import re
from threading import Lock

from css_inline import CSSInliner, InlineError
from inscriptis import get_text
from inscriptis.model.config import ParserConfig

from engage.model.errors import Place
from engage.templates.faults import TemplateFault
from engage.templates.locales import is_right_to_left
from engage.templates.placeholders import Held, as_comments, as_words
from engage.templates.sources import Piece

_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_HTML = re.compile(r"<html\b([^>]*)>", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\s(?:lang|dir)\s*=\s*("[^"]*"|'[^']*'|\S+)""", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HIDDEN = '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px">'
_ROWS = re.compile(r"(<table\b[^>]*>)(\s*(?:<!--xq\d+j1qx-->\s*)+)(?=<tr\b)", re.IGNORECASE)
"""Rows right inside a table: a loop around them must stand inside the `tbody` that HTML puts there."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TABLE_TAG = re.compile(r"<(/?)(table|tbody|thead|tfoot|tr|td|th)\b([^>]*)>", re.IGNORECASE)

_ONE_AT_A_TIME = Lock()
"""Inscriptis writes into elements of its module: of two threads at once one gets an empty text and the other the words of both."""


def finished(html: str, locale: str, file: str) -> str:
    """The whole document, with words for tags. Raises TemplateFault."""
    try:
        inlined = as_words(str(_INLINER.inline(_ROWS.sub(r"\1<tbody>\2", as_comments(html)))))
    except InlineError as error:
        raise TemplateFault(Place(file=file), f"its CSS cannot be read: {error}") from error
    direction = "rtl" if is_right_to_left(locale) else "ltr"
    return _HTML.sub(lambda tag: f'<html lang="{locale}" dir="{direction}"{_LANGUAGE.sub("", tag.group(1))}>', inlined, count=1)


def with_preheader(html: str, words: str) -> str:
    """The document with the preheader as the first, hidden thing in its body."""
    return _BODY.sub(lambda body: f"{body.group()}{_HIDDEN}{words}</div>", html, count=1)


def text_of(held: Held, html: str) -> tuple[Piece, ...]:
    """The text part's template: what the HTML says, line by line, links behind their words."""
    with _ONE_AT_A_TIME:
        text = get_text(_without_tables(_COMMENT.sub("", html)), ParserConfig(display_links=True))
    lines = [line.strip() for line in text.split("\n")]
    return held.released(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n")


def _without_tables(html: str) -> str:
    """Tables that lay out become blocks, rows of tables with data become lines, so that statements keep their place."""
    layouts: list[bool] = []

    def tag(match: re.Match[str]) -> str:
        closes, name, rest = match.group(1), match.group(2).lower(), match.group(3)
        if name == "table":
            if closes:
                return "</div>" if layouts and layouts.pop() is not None else ""
            layouts.append("presentation" in rest)
        inline = name in ("td", "th") and layouts and not layouts[-1]
        if closes:
            return "</span> " if inline else "</div>"
        style = re.search(r'style="[^"]*display:\s*none[^"]*"', rest)
        return f"<{'span' if inline else 'div'}{' ' + style.group() if style else ''}>"

    return _TABLE_TAG.sub(tag, html)
