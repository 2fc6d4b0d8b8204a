"""Text in mail headers: encoded words for what is not ASCII (RFC 2047), folded lines, and no control character, however dressed."""

from __future__ import annotations

import re
from base64 import b64encode
from email.errors import HeaderParseError
from email.header import decode_header
from functools import lru_cache
from textwrap import wrap

LONGEST = 10_000  # characters of a value
_LINE = 70
_WORD_BYTES = 42  # 42 bytes are 56 in base64 and 68 with =?utf-8?b?…?=; RFC 2047 allows 75
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def refuse_controls(text: str) -> str:
    """The text itself. Raises ValueError where it has a control character, also one hidden in an encoded word.

    Python before 3.11.10 writes `=?utf-8?q?hi=0ABcc:_x?=` out as a Bcc line (CVE-2024-6923), and so may others on the way.
    """
    if len(text) <= LONGEST and text.isprintable() and "=?" not in text:
        return text
    if len(text) > LONGEST:
        raise ValueError(f"a mail header of more than {LONGEST} characters")  # to look for encoded words in it could take for ever
    if _CONTROL.search(text) or ("=?" in text and _CONTROL.search(_decoded(text))):
        raise ValueError("a control character in a mail header")
    return text


@lru_cache(maxsize=1024)
def unstructured(text: str) -> str:
    """The value of a Subject, folded; ASCII stays readable, anything that looks like an encoded word is encoded once more."""
    refuse_controls(text)
    if not text.isascii() or "=?" in text:
        return _encoded(text)
    if len(text) <= _LINE:
        return text
    lines = wrap(text, _LINE, break_long_words=False, break_on_hyphens=False)
    return "\r\n ".join(lines) if " ".join(lines) == text and max(map(len, lines)) <= 2 * _LINE else _encoded(text)


def phrase(text: str) -> str:
    """A display name: atoms as they are, other ASCII quoted, the rest as encoded words (RFC 5322, section 3.2.5)."""
    refuse_controls(text)
    if not text.isascii() or "=?" in text or len(text) > _LINE:
        return _encoded(text)
    if _ATOMS.fullmatch(text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _encoded(text: str) -> str:
    data, start = text.encode(), 0
    words: list[str] = []
    while start < len(data) or not words:
        end = start + _WORD_BYTES
        while end < len(data) and data[end] & 0xC0 == 0x80:  # inside of a character
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(data[start:end]).decode()}?=")
        start = end
    return "\r\n ".join(words)


def _decoded(text: str) -> str:
    try:
        pieces = decode_header(text)
    except HeaderParseError:  # base64 that is none: nobody can decode it
        return ""
    return "".join(piece if isinstance(piece, str) else piece.decode(_known(charset), "replace") for piece, charset in pieces)


def _known(charset: str | None) -> str:
    return charset if charset in ("utf-8", "us-ascii", "utf-16", "utf-7") else "latin-1"
