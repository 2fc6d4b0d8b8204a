"""A mail that came in, bytes -> its header and its parts, whatever they hold. Pure; never raises.

Strangers send these, so everything has a bound: how much is read, how deep parts may lie in each other, how many there are. What cannot
be read by its charset or encoding is read as well as it goes. A mail inside the mail (what is returned) is left whole, as text.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from html import unescape
from quopri import decodestring
from typing import final

LONGEST = 2_000_000
"""Bytes of a mail that are looked at."""

_DEEPEST, _MOST_PARTS, _LONGEST_TEXT, _LONGEST_HEAD = 8, 64, 200_000, 128_000
_GAP = re.compile(rb"\n[ \t]*\n")
_ENVELOPE = re.compile(rb"\A\s*(?:>?From [^\n]*\n)?")
_UNFOLDED = re.compile(r"\n(?![ \t\n]|[!-9;-~]{1,80}[ \t]*:|\Z)")
_PARTED = re.compile(rb"^--([^\s-][^\n]{3,98}?)[ \t]*$", re.MULTILINE)
_UNREAD = re.compile(r"<(script|style|head)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?blockquote|/?pre|hr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z!][^<>@]*>")
_USELESS = frozenset({
    "", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined",
})  # fmt: skip
_JAPANESE = (b"\x1b$B", b"\x1b$@", b"\x1b(J")

RETURNED = frozenset({
    "message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers", "text/rfc822-headers", "text/rfc822-header",
    "message/partial", "message/external-body",
})  # fmt: skip
"""What holds the mail that is returned, or its header."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that has no parts. `media_type` is in lower case; text is decoded, HTML is still HTML."""

    media_type: str
    text: str = field(repr=False)


@final
@dataclass(frozen=True, slots=True)
class Mail:
    """A mail: its header by lower-case names, each decoded to one line, the first of each first; and its parts in their order."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    media_type: str
    report_type: str
    parts: tuple[Part, ...] = field(repr=False)

    def header(self, name: str) -> str:
        """The first of that name; empty where there is none."""
        return next((value for known, value in self.headers if known == name), "")

    def all(self, *names: str) -> list[str]:
        """Every one of these names."""
        return [value for known, value in self.headers if known in names]

    @property
    def said(self) -> str:
        """What the mail itself says in words: its texts but for what is returned."""
        plain = [part.text for part in self.parts if part.media_type.startswith("text/plain") or part.media_type == "text"]
        html = [words_of(part.text) for part in self.parts if part.media_type == "text/html"]
        said = [text for text in (plain or html) if text.strip()] or html
        return "\n".join(said)[:_LONGEST_TEXT]

    @property
    def returned(self) -> str:
        """What is returned of the mail that this one is about; empty where nothing is."""
        return "\n".join(part.text for part in self.parts if part.media_type in RETURNED)


def read_mail(raw: bytes) -> Mail:
    """The mail in the bytes."""
    cut = raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, body = _split(cut[_found(_ENVELOPE, cut) :])
    headers = _header(head)
    known = tuple((name.lower(), decoded(str(value))) for name, value in headers.items())
    parts = tuple(part for part, _ in zip(_parts(headers, body, 0), range(_MOST_PARTS), strict=False))
    return Mail(known, headers.get_content_type(), str(headers.get_param("report-type", "")).lower(), parts)


def fields_of(text: str) -> Message:
    """The header in a text: that of a returned mail, or a block of a report."""
    return _header(text.lstrip("\n").split("\n\n", 1)[0].encode("utf-8", "replace"))


def decoded(value: str) -> str:
    """A header's value with its encoded words read (RFC 2047), in one line."""
    try:
        pieces = decode_header(value[:20_000])
        text = "".join(piece if isinstance(piece, str) else _text(piece, charset or "") for piece, charset in pieces)
    except (MessageError, ValueError, LookupError, IndexError):
        text = value
    return " ".join(text.encode("utf-8", "replace").decode("utf-8", "replace").split())


def words_of(html: str) -> str:
    """An HTML page's words, its lines kept."""
    bare = _TAG.sub("", _BREAK.sub("\n", _without_unread(html.replace("\n", " "))))
    lines = (" ".join(line.split()) for line in unescape(bare).replace("\xa0", " ").split("\n"))
    return "\n".join(line for line in lines if line)


def _without_unread(html: str) -> str:
    """Without styles and scripts; what is never closed is read like the rest."""
    kept, at, lower = [], 0, html.lower()
    never: set[str] = set()
    for opened in _UNREAD.finditer(html):
        name = opened[1].lower()
        if opened.start() < at or name in never:
            continue
        closed = lower.find(f"</{name}", opened.end())
        if closed < 0:
            never.add(name)
            continue
        kept.append(html[at : opened.start()])
        at = closed
    return "".join((*kept, html[at:]))


def _split(entity: bytes) -> tuple[bytes, bytes]:
    """Header and body. A body that begins at once has no header."""
    if entity.startswith(b"\n"):
        return b"", entity[1:]
    gap = _GAP.search(entity, 0, _LONGEST_HEAD)
    return (entity[: gap.start()], entity[gap.end() :]) if gap else (entity[:_LONGEST_HEAD], entity[_LONGEST_HEAD:])


def _header(head: bytes) -> Message:
    """A line that can be no field goes on the one before it, though somebody forgot to indent it."""
    return HeaderParser().parsestr(_UNFOLDED.sub("\n ", _text(head, "")) + "\n\n")


def _found(pattern: re.Pattern[bytes], text: bytes) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _parts(headers: Message, body: bytes, depth: int) -> Iterator[Part]:
    kind = headers.get_content_type()
    if kind.startswith("multipart/") and depth < _DEEPEST:
        pieces = _pieces(body, _boundary(headers, body))
        if pieces:
            for piece in pieces:
                yield from _parts(*_entity(piece), depth + 1)
            return
    if kind.startswith("multipart/"):
        kind = "text/plain"
    yield Part(media_type=kind, text=_read(headers, body))


def _boundary(headers: Message, body: bytes) -> bytes:
    """What parts the parts: as the header has it, else as the body looks."""
    written = headers.get_param("boundary")
    if isinstance(written, str) and written.strip():
        return written.strip().encode("utf-8", "replace")
    found = _PARTED.search(body)
    return found[1] if found else b""


def _entity(piece: bytes) -> tuple[Message, bytes]:
    head, body = _split(piece)
    return _header(head), body


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the boundaries, without what is written before and after them."""
    if not boundary:
        return []
    mark = re.compile(rb"^--" + re.escape(boundary) + rb"(?:--)?[ \t]*$\n?", re.MULTILINE)
    pieces = mark.split(body, _MOST_PARTS)
    return [piece for piece in pieces[1:] if piece.strip()] if len(pieces) > 1 else []


def _read(headers: Message, body: bytes) -> str:
    encoding = str(headers.get("content-transfer-encoding", "")).strip().lower()
    content = body[: 2 * _LONGEST_TEXT]
    if encoding == "base64":
        content = _from_base64(content)
    elif encoding == "quoted-printable":
        content = decodestring(content)
    return _text(content, str(headers.get_param("charset", "")))[:_LONGEST_TEXT]


def _from_base64(content: bytes) -> bytes:
    """What can be read of it: what is cut off in the middle of four letters is left out."""
    only = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    try:
        return b64decode(only[: len(only) // 4 * 4])
    except Base64Error:
        return content


def _text(content: bytes, charset: str) -> str:
    """As UTF-8 where it can be that, whatever it says, else by its charset; a wrong letter matters less than none."""
    wanted = charset.strip().strip("'\"").lower()
    if not content.isascii():
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            wanted = wanted if wanted not in _USELESS else "latin-1"
    if wanted.startswith("iso-2022-jp") or any(mark in content for mark in _JAPANESE):
        wanted = "iso2022_jp_ext"
    elif content.isascii() and not wanted.startswith(("utf-7", "utf-16", "utf-32", "hz", "iso2022", "iso-2022")):
        return content.decode("ascii")
    try:
        return content.decode(wanted, "replace")
    except (LookupError, ValueError):
        return content.decode("latin-1")
