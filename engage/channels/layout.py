"""A mail of one template, laid out: what stands in every one of them, and where that which differs goes.

Every body is quoted-printable or base64, so that the constant boundaries, which hold `=_`, can occur in none of them. The layout is
made of the very fields that a mail is put together of one by one, with a mark for each value that differs; these fields are read
as the receiving server will read them: exactly those that were meant, each once. Of each mail's own header the same is shown
by what it holds: no control character, and no line more than the layout and the folded subject have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import final
from urllib.parse import quote

from engage.channels.mailbox import Mailbox
from engage.channels.quoted import quoted_stretches
from engage.channels.services import Service
from engage.model.content import EmailContent

Headers = list[tuple[str, str]]

LONGEST_LINE = 998  # octets, without CRLF (RFC 5322, section 2.1.1)
_LONGEST_VALUE = 900  # octets, so that it fits into a line beside the field's name

_FIELD = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
_BROKEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n|\r\n(?![!-9;-~]+:|[ \t]+[^ \t\r]|\Z)")
_MARK = re.compile("\ue000([a-z_]+)\ue001")
_FOLDED = re.compile(r"[^\r\n]*(?:\r\n [^\s][^\r\n]*)*")
_HARMLESS = bytes(byte for byte in range(256) if byte in b"\t\r\n" or (byte >= 0x20 and byte != 0x7F))
_QUOTED = [("Content-Transfer-Encoding", "quoted-printable")]
_PLAIN_TYPE, _HTML_TYPE = "text/plain; charset=utf-8", "text/html; charset=utf-8"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OfList:
    """What promotional mail carries beside (RFC 2369, 2919, 8058; Feedback-ID as Gmail and Yahoo read it)."""

    list_id: str
    feedback_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What is the same in all mails of a layout. `reply_to` None: each has its own."""

    sender: Mailbox
    reply_to: Mailbox | None
    has_html: bool
    of_list: OfList | None
    service: Service | None = None


@final
@dataclass(slots=True, kw_only=True)
class Values:
    """What differs, as it stands in the header; `url`, `mailto` and `token` are of promotional mail."""

    recipient: str
    subject: str
    date: str
    message_id: str
    url: str
    mailto: str
    token: str
    reply_to: str = ""
    key: str = ""


_NAMES = tuple(field.name for field in fields(Values))
_MARKS = Values(**{name: f"\ue000{name}\ue001" for name in _NAMES})


@final
class Layout:
    """Makes the headers and bodies of all mails that share `fixed`."""

    def __init__(self, fixed: Fixed) -> None:
        self._fixed = fixed
        self.sender = fixed.sender
        self.own_reply_to = fixed.reply_to is None
        self.mailto = quote(fixed.sender.address, safe="@+")
        boundary = "=_engage_alternative"
        kind = f'multipart/alternative; boundary="{boundary}"' if fixed.has_html else _PLAIN_TYPE
        self.of_mime: Headers = [("MIME-Version", "1.0"), ("Content-Type", kind), *([] if fixed.has_html else _QUOTED)]
        self._before_text = _opening(boundary, _PLAIN_TYPE)
        self._before_html = b"\r\n" + _opening(boundary, _HTML_TYPE)
        self._after_html = f"\r\n--{boundary}--\r\n".encode()
        self._cuts = {by_https: self._cut(by_https) for by_https in (False, True)}

    def headers(self, values: Values, *, by_https: bool | None = None) -> Headers:
        """The fields, but for `of_mime`."""
        headers = [
            ("From", str(self._fixed.sender)),
            ("To", values.recipient),
            ("Subject", values.subject),
            ("Date", values.date),
            ("Message-ID", values.message_id),
            ("Reply-To", values.reply_to if self._fixed.reply_to is None else str(self._fixed.reply_to)),
            ("Auto-Submitted", "auto-generated"),
        ]
        service = self._fixed.service
        if service is not None:
            headers.append((service.header, service.value.replace("{key}", values.key)))
        of_list = self._fixed.of_list
        if of_list is not None:
            headers += [
                ("List-Unsubscribe", f"<{values.url}>,\r\n <mailto:{values.mailto}?subject=unsubscribe%20{values.token}>"),
                ("List-Id", of_list.list_id),
                ("Feedback-ID", of_list.feedback_id),
            ]
            if values.url.startswith("https://") if by_https is None else by_https:  # RFC 8058 knows one-click by https only
                headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return headers

    def head(self, values: Values) -> bytes:
        """The header of one mail. Raises ValueError where it would not arrive as it was meant."""
        pieces, given, lines = self._cuts[values.url.startswith("https://")]
        pieces = pieces.copy()
        pieces[1::2] = told = given(values)
        if max(map(len, told)) > _LONGEST_VALUE and any(len(value) > _LONGEST_VALUE and value is not values.subject for value in told):
            raise ValueError("a header line too long")
        head = "".join(pieces).encode()
        if not "".join(told).isprintable():  # else each value is a part of its own line, as the layout's constant pieces are
            _check_lines(head, lines + values.reply_to.count("\n"), values.subject)
        return head

    def body(self, content: EmailContent) -> bytes:
        """Text and HTML."""
        text = quoted_stretches(content.text)
        if content.html is None:
            return text
        return b"".join((self._before_text, text, self._before_html, quoted_stretches(content.html), self._after_html))

    def _cut(self, by_https: bool) -> tuple[list[str], Callable[[Values], tuple[str, ...]], int]:
        """The header's constant pieces with room for the values between them, what takes these values, and how many lines all that is."""
        headers = self.headers(_MARKS, by_https=by_https) + self.of_mime
        pieces = _MARK.split(checked_head(headers).decode())
        return pieces, attrgetter(*pieces[1::2]), sum(piece.count("\n") for piece in pieces)


def _check_lines(head: bytes, lines: int, subject: str) -> None:
    """Raises ValueError unless the header has no lines but the layout's, which are so many, and those of the folded subject."""
    lines += subject.count("\n") if _FOLDED.fullmatch(subject) else -1
    if head.count(b"\r\n") != lines or head.count(b"\n") != lines or head.count(b"\r") != lines or head.translate(None, _HARMLESS):
        raise ValueError("a header that would not arrive as it was meant")


def checked_head(headers: Sequence[tuple[str, str]]) -> bytes:
    """The header as bytes. Raises ValueError unless they hold exactly these fields, each once, and nothing else."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    if _BROKEN.search(head) or [name.decode() for name in _FIELD.findall(head)] != [name for name, _ in headers]:
        raise ValueError("a header that would not arrive as it was meant")
    if max(map(len, head.split(b"\r\n"))) > LONGEST_LINE:
        raise ValueError("a header line too long")
    return head


def multipart(subtype: str, parts: Sequence[tuple[Headers, bytes]]) -> tuple[Headers, bytes]:
    """The parts as one, with the fields that say so."""
    boundary = f"=_engage_{subtype}"
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + _part_head(tuple(headers)) + b"\r\n" + part + b"\r\n" for headers, part in parts)
    return [("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')], body + f"--{boundary}--\r\n".encode()


def _opening(boundary: str, content_type: str) -> bytes:
    return f"--{boundary}\r\n".encode() + _part_head((("Content-Type", content_type), *_QUOTED)) + b"\r\n"


@lru_cache(maxsize=256)
def _part_head(headers: tuple[tuple[str, str], ...]) -> bytes:
    return checked_head(headers)
