"""What a person texts -> STOP, HELP, START, or none of these. Pure.

The whole message is compared, never a part of it: "I can't stop smiling" is an answer, "Arrêt!" is not. Case, width, punctuation,
accents, pictographs and invisible characters do not matter; nor does a word that is said several times. The words of all languages
count for everybody, as a number does not tell its reader's language. The words themselves stand in words.toml, with their sources.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources

LONGEST = 64
"""Characters; a longer text is no word."""

_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h"})
_LOOSE_MARKS = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW")
"""Scripts whose marks are accents or vowel points, that people leave out; in others they are letters."""

_ALEFS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك", "ـ": ""})
_APOSTROPHES = re.compile("['`\u2018\u2019\u02bb\u02bc\u02b9\u00b7]")
_APART = re.compile(r"(?:\w ){2,}\w")


class Word(StrEnum):
    """STOP: nothing more by SMS. HELP: say who you are. START: take the STOP back."""

    STOP = "stop"
    HELP = "help"
    START = "start"


def word_of(text: str) -> Word | None:
    """Which of the words the whole text is; None where it is something else."""
    if len(text) > LONGEST:
        return None
    plain = plainly(text)
    if not plain:
        return Word.STOP if text.strip().strip("\ufe0f") == "🛑" else None
    return _words().get(plain) or _words().get(_once(plain))


def plainly(text: str) -> str:
    """The text as words are compared: lower case, no accents, one space between words, nothing but letters and digits."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_STROKES).translate(_ALEFS)
    spelt = _APOSTROPHES.sub("", folded)
    decomposed = unicodedata.normalize("NFD", spelt)
    kept = "".join(map(_kept, decomposed, " " + decomposed))
    plain = " ".join(unicodedata.normalize("NFC", kept).split())
    return plain.replace(" ", "") if _APART.fullmatch(plain) else plain


def _kept(sign: str, before: str) -> str:
    """A letter or a digit; a mark where it is more than an accent; nothing for what cannot be seen; else what parts words."""
    category = unicodedata.category(sign)
    if category[0] in "LN":
        return sign
    if category[0] == "M":
        return "" if _is_loose(sign, before) else sign
    return "" if category in ("Cf", "Sk") else " "


def _is_loose(mark: str, before: str) -> bool:
    name = unicodedata.name(before, "")
    return name.startswith(_LOOSE_MARKS) or unicodedata.name(mark, "").startswith(("COMBINING", "VARIATION", *_LOOSE_MARKS))


def _once(plain: str) -> str:
    """`stop stop stop` -> `stop`."""
    said = plain.split()
    return said[0] if len(set(said)) == 1 else plain


@cache
def _words() -> Mapping[str, Word]:
    """STOP wins where two languages mean different things by one word."""
    languages = tomllib.loads(resources.files("engage.feedback").joinpath("words.toml").read_text("utf-8"))["language"]
    found: dict[str, Word] = {}
    for word in (Word.START, Word.HELP, Word.STOP):
        for language in languages:
            found |= dict.fromkeys(filter(None, map(plainly, language[word.value])), word)
    return found
