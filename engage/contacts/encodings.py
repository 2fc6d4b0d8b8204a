"""The bytes of a file of text -> the encoding that they are written in, found out or guessed."""

from __future__ import annotations

import codecs
import re
from collections import Counter
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

_GREEK = re.compile(rb"[\xc1-\xd1\xd3-\xd9\xa2\xb8-\xba\xbc\xbe\xbf]?[\xdc-\xdf\xe1-\xf1\xf3-\xfe]+[\xf2]?")
"""A word of Windows-1253 with small letters; its accented ones are capitals in Windows-1251, within a word."""

_NOT_GREEK = re.compile(rb"[\xc0\xe0\xd2\xff]|\xf2(?=[\xc0-\xff])")
"""Bytes that are letters in every other word of Windows-1251 (А, Т, я), and in none of Windows-1253."""

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
        self._central = self._western = self._mixed = self._upper = self._cyrillic = self._greek = self._telling = 0
        self._capitals = self._odd = 0
        self._letters: Counter[int] = Counter()

    def look_at(self, chunk: bytes) -> None:
        """Count on. What is ASCII throughout has nothing to count."""
        if chunk.isascii():
            return
        self._central += len(_CENTRAL_EUROPEAN.findall(chunk))
        self._western += sum(chunk.count(byte) for byte in _NOT_CENTRAL)
        for word in _WORD.findall(chunk):
            bare = word.lstrip(_OPENING).rstrip(_CLOSING)
            self._odd += _ODD.search(bare) is not None
            if _ASCII.search(word):
                self._mixed += 1
                self._letters.update(bare.rstrip(b"\xaa\xba").translate(None, _NO_LETTERS))  # of Mª and 1º no letter
            elif len(bare := word.strip(_AROUND)) > 2:  # in Latin scripts letters of ASCII stand between the others
                self._upper += 1
                cyrillic = _CYRILLIC.fullmatch(bare) is not None
                self._cyrillic += cyrillic
                self._telling += cyrillic and _NOT_GREEK.search(bare) is not None
                self._capitals += bare[0] < 0xE0
                self._greek += not cyrillic and _GREEK.fullmatch(bare) is not None

    def likeliest(self, file: str) -> str:
        """The likeliest encoding. Raises InputError where none is."""
        found = None
        if self._upper <= self._mixed and self._odd * 4 <= self._mixed:
            found = self._latin()
        elif self._upper > self._mixed:
            found = self._other()
        if found is not None:
            return found
        what = f"the encoding cannot be told: it is not UTF-8; --encoding names it ({_KNOWN})"
        raise InputError.of(what, file=file)

    def _latin(self) -> str | None:
        """Windows-1250 or -1252, unless more of the letters are those of Turkish or a Baltic language than of any of theirs."""
        ours = max(map(self._share, (*_WESTERN, *_CENTRAL)))
        theirs, encoding = max((self._share(letters), encoding) for encoding, letters in _OTHERS)
        if theirs >= SURELY and theirs > ours:
            return encoding if ours < PERHAPS else None
        central = max(self._share(letters, _UNLIKE) for letters in _CENTRAL)
        is_central = SURELY <= central > max(self._share(letters, _UNLIKE) for letters in _WESTERN)
        return "cp1250" if is_central or (self._central and not self._western) else "cp1252"

    def _other(self) -> str | None:
        """That of words without a Latin letter. Capitals, and short words, may be Greek as well as Cyrillic."""
        if self._greek * 10 >= self._upper > 10 * self._telling and (self._greek + self._cyrillic) * 10 >= self._upper * 9:
            return "cp1253"
        is_cyrillic = self._cyrillic * 10 >= self._upper * 9 and min(self._telling, self._capitals) * 10 >= self._upper
        return "cp1251" if is_cyrillic else None

    def _share(self, letters: bytes, among: bytes = bytes(range(0x80, 0x100))) -> float:
        """How many of the letters, or of some of them, are some of these."""
        return sum(self._letters[byte] for byte in letters if byte in among) / (sum(self._letters[byte] for byte in among) or 1)


def _letters(encoding: str, lower: str) -> bytes:
    return f"{lower}{lower.upper()}".encode(encoding, errors="ignore")


_WESTERN = tuple(_letters("cp1252", letters) for letters in (  # of each language beside those of ASCII
    "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "ãáâàçéêíóôõúü", "àèéìíîòóù", "åäöé", "æøåéóü", "äéëèïóöü", "áðéíóúýþæö", "àçèéíïòóúü",
))
_CENTRAL = tuple(_letters("cp1250", letters) for letters in (
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ",
))
_UNLIKE = bytes(byte for byte in range(0xC0, 0x100) if bytes([byte]).decode("cp1250") != bytes([byte]).decode("cp1252")) + b"\xaa\xba"
"""Bytes that are one letter in Windows-1250 and another in Windows-1252, or, as ş, none."""

_OTHERS = (
    ("cp1254", "çğıöşüâîûİ".encode("cp1254") + "ÇĞÖŞÜ".encode("cp1254")),
    *(("cp1257", _letters("cp1257", letters)) for letters in ("āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž")),
)
SURELY, PERHAPS = 0.95, 0.85
"""The share of letters from which on a text is in a language, and that below which it is not."""

_NO_LETTERS = bytes([*range(0x8A), 0x8B, *range(0x90, 0x9A), 0x9B, *range(0xA0, 0xAA), *range(0xAB, 0xBA), *range(0xBB, 0xC0), 0xD7, 0xF7])
"""Bytes that are no letters of these languages; or are some of Windows-1250 alone, which are counted otherwise."""

_KNOWN = "shift_jis, euc-jp, gb18030, big5, euc-kr, cp1251, cp1253, cp1254, cp1257, iso-8859-2, …"


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
