"""Addresses and names as people write them -> what is the same of two that are probably one's: spellings for comparing, never kept.

Scripts are written in Latin letters, and what the ways of doing so differ in (й as y, i or j; х as h or kh) is left out: two people who
were born on one day are hardly called so alike.
"""

from __future__ import annotations

import re
import unicodedata

_DOTLESS = ("gmail.com", "googlemail.com")
_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ё": "e", "ж": "z", "з": "z", "и": "i", "і": "i",
    "ї": "i", "й": "i", "ј": "i", "к": "k", "л": "l", "љ": "li", "м": "m", "н": "n", "њ": "ni", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "ћ": "c", "у": "u", "ў": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "џ": "dz", "ш": "s", "щ": "s", "ъ": "", "ы": "i",
    "ь": "", "э": "e", "ю": "iu", "я": "ia", "ђ": "d", "қ": "k", "ғ": "g", "ҳ": "h",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n",
    "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "i", "φ": "f", "χ": "h", "ψ": "ps", "ω": "o",
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
}
_TABLE = str.maketrans(_LETTERS)
_ALIKE = (
    ("shch", "s"), ("sch", "s"), ("sh", "s"), ("zh", "z"), ("kh", "h"), ("ch", "c"), ("ts", "c"), ("cz", "c"), ("ph", "f"), ("y", "i"),
    ("j", "i"), ("w", "v"), ("g", "h"),
)
_TWICE = re.compile(r"(.)\1+")
_WORDS = re.compile(r"[^\W\d_]+")


def mailbox_of(email: str) -> str:
    """The mailbox behind an address: without capitals and what follows a `+`; at Gmail without dots, too."""
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def name_of(*parts: str | None) -> str:
    """The name for comparing: whichever of first and last comes first, in whatever script and spelling; empty where there is none."""
    words = _WORDS.findall(_latin(" ".join(part for part in parts if part)))
    return " ".join(sorted(spelling for word in words if (spelling := _spelling(word))))


def _latin(text: str) -> str:
    """In Latin letters without their marks, as far as we know how."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if unicodedata.category(sign) not in ("Mn", "Lm")).translate(_TABLE)


def _spelling(word: str) -> str:
    for told, alike in _ALIKE:
        word = word.replace(told, alike)
    return _TWICE.sub(r"\1", word)
