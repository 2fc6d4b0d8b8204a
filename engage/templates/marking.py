"""A message's links, where clicks are recorded or `utm` is asked for: found once, when it is compiled; signed for each reader.

Around each address stands a filter, which no template may name. It decides when the address is known, so that what a template
works out is treated as what stands in it: http and https addresses alone, and never Engage's own pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape
from typing import final
from urllib.parse import unquote, urlencode

from jinja2 import pass_context
from markupsafe import Markup, escape

from engage.model.errors import Place
from engage.model.tracking import is_target, picture
from engage.templates.placeholders import WORD, Held
from engage.templates.scope import Reader
from engage.templates.sources import Piece, Tag

Pairs = tuple[tuple[str, str], ...]

OWN_PAGES = "upvasco"
"""The letters of our own links, `/u/{token}`: they are never wrapped."""

_PLACE = Place(file="")
_BEGINS = Tag(text="{% filter tracked_link %}", place=_PLACE, keyword="filter", argument="tracked_link")
_ENDS = Tag(text="{% endfilter %}", place=_PLACE, keyword="endfilter")
_PICTURE = Tag(text="{% filter tracked_picture %}", place=_PLACE, keyword="filter", argument="tracked_picture")

_HREF = re.compile(r"""(<(?:a|area|v:\w+)\b(?:[^<>"']|"[^"]*"|'[^']*')*?\shref\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>\"'()\[\]]+|(?<=\]\()xq\d+jqx[^\s()<>]*(?=\))", re.IGNORECASE)
_TRAILING = re.compile(r"[.,;:!?]+\Z")
_BODY_ENDS = re.compile(r"</body\s*>(?!.*</body)", re.IGNORECASE | re.DOTALL)
_HTTP = re.compile(r"\s*https?:", re.IGNORECASE)
_OPENING = frozenset({"if", "for", "with", "call", "filter"})
_OWN_LINK = re.compile(
    r"\{\{[-+]?\s*message\.(?:unsubscribe_url|preferences_url|view_in_browser_url|(?:answer|confirm)_url\(.*\))\s*[-+]?\}\}\Z", re.DOTALL
)
_SAID = re.compile(r"(?:^|&)utm_(\w+)=", re.IGNORECASE)
_MAIL_ADDRESS = re.compile(r"[^\s/?#&=@]@[\w-]+(?:\.[\w-]+)+")
_SHORTEST_NUMBER = 7


@final
class Marks:
    """What becomes of the links of one message for one reader. `sign` None: links stay as they are, but for `utm`.

    `own` are the bases of our own pages, `phone` the reader's number: neither it nor any mail address goes into a link of ours.
    """

    __slots__ = ("_own", "_phone", "_picture", "_sign", "_utm")

    def __init__(
        self, *, utm: Pairs, own: tuple[str, ...], sign: Callable[[str], str] | None = None, picture: str | None = None,
        phone: str | None = None,
    ) -> None:  # fmt: skip
        self._utm = utm
        self._own = own
        self._sign = sign
        self._picture = picture
        self._phone = phone.lstrip("+") if phone else None

    def link(self, url: str) -> str:
        """The address that stands in the message for this one."""
        target = _target(url, self._utm, self._own)
        if target is None:
            return url
        if self._sign is None or (self._phone is not None and len(self._phone) >= _SHORTEST_NUMBER and self._phone in target):
            return target
        return self._sign(target) if _is_signable(target) else target

    def picture(self) -> str:
        """The picture that tells that the mail was opened."""
        return "" if self._picture is None else picture(self._picture)


@lru_cache(maxsize=4096)
def _target(url: str, utm: Pairs, own: tuple[str, ...]) -> str | None:
    """Where the link shall lead; None where it is left alone."""
    if not is_target(url) or any(url.startswith(f"{base}/{letter}/") for base in own for letter in OWN_PAGES):
        return None
    return with_utm(url, utm)


def with_utm(url: str, utm: Pairs) -> str:
    """The address with those of `utm_…` that it does not have itself, before its fragment."""
    before, sign, fragment = url.partition("#")
    _, asks, query = before.partition("?")
    there = {name.lower() for name in _SAID.findall(query)}
    added = [(f"utm_{name}", value) for name, value in utm if name not in there]
    if not added:
        return url
    joint = "?" if not asks else "" if not query or query.endswith("&") else "&"
    return f"{before}{joint}{urlencode(added)}{sign}{fragment}"


@lru_cache(maxsize=4096)
def _is_signable(target: str) -> bool:
    return is_target(target) and _MAIL_ADDRESS.search(unquote(target)) is None


@pass_context
def _tracked_link(context: Reader, value: str) -> str:
    marks = context.scope.marks
    if marks is None:
        return value
    if not isinstance(value, Markup):
        return marks.link(value)
    url = unescape(value)
    marked = marks.link(url)
    return value if marked == url else escape(marked)


@pass_context
def _tracked_picture(context: Reader, value: str) -> str:
    marks = context.scope.marks
    return value if marks is None else Markup(marks.picture())  # noqa: S704  # made of our own address and a token in base64


OPERATIONS: Mapping[str, Callable[..., object]] = {"tracked_link": _tracked_link, "tracked_picture": _tracked_picture}
"""Filters that only this module puts in: templates cannot name them."""


def with_links(held: Held, html: str) -> str:
    """The page, while its tags are words, with the filter around each address of a link."""

    def href(found: re.Match[str]) -> str:
        value = found[2] if found[2] is not None else found[3]
        if not _is_markable(held, value):
            return found.group()
        quote = '"' if found[2] is not None else "'"
        return f"{found[1]}{quote}{held.word(_BEGINS)}{value}{held.word(_ENDS)}{quote}"

    return _HREF.sub(href, html)


def with_picture(held: Held, html: str) -> str:
    """The page with the picture at the end of its body, or of all where that has no end."""
    words = held.word(_PICTURE) + held.word(_ENDS)
    made, count = _BODY_ENDS.subn(lambda end: words + end.group(), html, count=1)
    return made if count else html + words


def with_links_of_text(held: Held, text: str) -> str:
    """The text, while its tags are words, with the filter around each address in it."""

    def address(found: re.Match[str]) -> str:
        whole = found.group()
        trailing = _TRAILING.search(whole)
        value, rest = (whole[: trailing.start()], trailing.group()) if trailing else (whole, "")
        if not _is_markable(held, value):
            return whole
        return f"{held.word(_BEGINS)}{value}{held.word(_ENDS)}{rest}"

    return _IN_TEXT.sub(address, text)


def marked_text(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces of a text with the filter around each address in it."""
    held = Held(pieces)
    return held.released(with_links_of_text(held, held.text))


def _is_markable(held: Held, value: str) -> bool:
    """Whether it is an address that may be tracked once it is known: one that begins so, or with what a template works out."""
    tags = [held.tag(int(found[1])) for found in WORD.finditer(value)]
    if not tags:
        return is_target(unescape(value))
    if _OWN_LINK.match(tags[0].text) or not _is_closed(tags):
        return False
    return _HTTP.match(value) is not None or WORD.match(value.lstrip()) is not None


def _is_closed(tags: Sequence[Tag]) -> bool:
    """Whether each statement that opens in the address is closed in it, and none names anything for what follows."""
    depth = 0
    for keyword in _statements(tags):
        depth += (keyword in _OPENING) - (keyword.startswith("end"))
        if depth < 0 or keyword in ("set", "import", "from", "macro"):
            return False
    return depth == 0


def _statements(tags: Sequence[Tag]) -> Iterator[str]:
    return (tag.keyword for tag in tags if tag.is_statement)
