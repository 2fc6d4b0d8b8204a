"""The bytes of a file of text -> the encoding that they are written in, found out or guessed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable

from engage.model.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16, so that it is looked for first."""

_CENTRAL_EUROPEAN = re.compile(rb"[A-Za-z\xc0-\xff]?[\x8a\x8c\x8d\x8e\x8f\x9a\x9c\x9d\x9e\x9f\xb3\xb9\xbe\xbf][A-Za-z\xc0-\xff]")
"""Bytes that are letters in Windows-1250 (šžśťźłąľż), but in Windows-1252 mostly signs or letters hardly used, within a word."""

_NOT_CENTRAL = (b"\x81", b"\x83", b"\x88", b"\x90", b"\x98")
"""Bytes that are nothing in Windows-1250."""

_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_ASCII = re.compile(rb"[A-Za-z]")
_CYRILLIC = re.compile(rb"[\xc0-\xdf\xa1\xa5\xa8\xaa\xaf\xb2]?[\xe0-\xff\xa2\xb3\xb4\xb8\xba\xbf]+|[\xc0-\xdf\xa1\xa5\xa8\xaa\xaf\xb2]+")
"""A word of Windows-1251: a capital at its beginning at most, or capitals alone. In the encodings of East Asia bytes fall as they like."""

_ODD = re.compile(rb"[\x80-\x89\x8b\x90\x91\x93-\x99\x9b\xa0\xa4\xa6\xa7\xa9\xac\xae\xb1\xb5\xb6]")
"""Bytes that no word of a Latin script has, but every other word of Shift JIS or Big5, or, as Š and Ž, of ISO 8859-2."""

_OPENING, _CLOSING = b"\x80\x84\x91\x93\x96\x97\xa7\xa9\xab\xb0\xb1", b"\x80\x85\x91\x92\x93\x94\x96\x97\x99\xa7\xa9\xae\xb0\xbb"
"""Quotation marks, dashes, the euro and the like: around a word of Windows' encodings of Latin scripts, or alone."""
_AROUND = b"\x84\x85\x91\x93\x94\x96\x97\xab\xb9\xbb"
"""The same around a word of Windows-1251, with its angle quotes and its sign for a number."""


def encoding_of(chunks: Callable[[], Iterable[bytes]], *, file: str) -> tuple[str, bool]:
    """The encoding, and whether it is a guess: by the byte order mark, else UTF-8 where all of the file is, else the likeliest of Windows'.

    `chunks` reads the file from its beginning. Raises InputError where it looks like one of the encodings of East Asia, which cannot be
    told apart: a wrong guess would fill the database with rubbish.
    """
    start = next(iter(chunks()), b"")
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked is not None:
        return marked, False
    if unmarked := _without_mark(start):
        return unmarked, True
    if _is_utf8(chunks()):
        return "utf-8-sig", False
    seen = _Seen()
    for chunk in chunks():
        seen.look_at(chunk)
    return seen.likeliest(file), True


class _Seen:
    """What was counted of bytes that are letters in some of the old encodings."""

    def __init__(self) -> None:
        self._central = self._western = self._mixed = self._upper = self._cyrillic = self._odd = 0

    def look_at(self, chunk: bytes) -> None:
        """Count on. What is ASCII throughout has nothing to count."""
        if chunk.isascii():
            return
        self._central += len(_CENTRAL_EUROPEAN.findall(chunk))
        self._western += sum(chunk.count(byte) for byte in _NOT_CENTRAL)
        for word in _WORD.findall(chunk):
            self._odd += _ODD.search(word.lstrip(_OPENING).rstrip(_CLOSING)) is not None
            if _ASCII.search(word):
                self._mixed += 1
            elif len(bare := word.strip(_AROUND)) > 2:  # in Latin scripts letters of ASCII stand between the others
                self._upper += 1
                self._cyrillic += _CYRILLIC.fullmatch(bare) is not None

    def likeliest(self, file: str) -> str:
        """The likeliest encoding. Raises InputError where none is."""
        if self._upper <= self._mixed and self._odd * 4 <= self._mixed:
            return "cp1250" if self._central and not self._western else "cp1252"
        if self._upper > self._mixed and self._cyrillic * 10 >= self._upper * 9:
            return "cp1251"
        known = "shift_jis, euc-jp, gb18030, big5, euc-kr, cp1251, iso-8859-2, …"
        what = f"the encoding cannot be told: it is not UTF-8; --encoding names it ({known})"
        raise InputError.of(what, file=file)


def _without_mark(start: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of its ASCII is zero."""
    sample = start[:2_000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 5 < len(sample):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(chunks: Iterable[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
