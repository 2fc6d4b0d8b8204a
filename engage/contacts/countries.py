"""Countries as people of many languages write them -> ISO 3166-1 alpha-2.

Names are CLDR's, in the languages most spoken and written; one that means two countries in two of them means neither.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

LANGUAGES = (
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sk", "sl", "hr", "sr", "sr_Latn", "bs", "mk", "bg", "ro", "hu", "el", "tr", "uk",
    "ru", "be", "lt", "lv", "et", "fi", "sv", "da", "nb", "is", "ga", "sq", "ar", "he", "fa", "ur", "hi", "bn", "ta", "th", "vi", "id",
    "ms", "fil", "zh", "zh_Hant", "ja", "ko", "ka", "hy", "az", "kk", "uz", "uz_Cyrl", "mn", "sw", "af", "ca", "eu", "gl", "mt",
)
"""The languages in which the name of a country is understood."""

NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # groupings and test codes that CLDR names beside countries

_ALSO = {
    "United States of America": "US", "Great Britain": "GB", "England": "GB", "Scotland": "GB", "Wales": "GB", "Czech Republic": "CZ",
    "Holland": "NL", "The Netherlands": "NL", "Republic of Korea": "KR", "Russian Federation": "RU", "Macedonia": "MK", "Ivory Coast": "CI",
    "Viet Nam": "VN", "Burma": "MM", "Swaziland": "SZ", "Turkey": "TR", "Moldova, Republic of": "MD", "Iran, Islamic Republic of": "IR",
    "Republic of Ireland": "IE", "UAE": "AE", "Brasil": "BR",
}
"""What CLDR does not say, and forms and other programs do."""


@cache
def countries() -> Mapping[str, str]:
    """The codes of all countries, with their English names."""
    names: Mapping[str, str] = Locale("en").territories
    return {code: name for code, name in names.items() if len(code) == 2 and code not in NOT_COUNTRIES}


def code_of(raw: str) -> str | None:
    """The country of that code (alpha-2, alpha-3, or one of before), or of that name in one of the languages; None where there is none."""
    code = raw.upper()
    if code in countries():
        return code
    renamed = get_global("territory_aliases").get(code, ())
    if len(renamed) == 1 and renamed[0] in countries():
        return str(renamed[0])
    return _names().get(_spelling(raw)) if len(raw) > 2 or not raw.isascii() else None


@cache
def _names() -> Mapping[str, str]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in countries():
                found[_spelling(name)].add(code)
    names = {name: codes.pop() for name, codes in found.items() if len(codes) == 1}
    return {**names, **{_spelling(name): code for name, code in _ALSO.items()}}


def _spelling(name: str) -> str:
    """The name without what people leave out or put in: capitals, accents, hyphens, apostrophes, white space."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in folded if _counts(sign, unicodedata.category(sign)))


def _counts(sign: str, category: str) -> bool:
    """Whether it is a letter, or a mark without which it would be another one, as in the scripts of India."""
    return (category[0] in "LN" and category != "Lm") or category == "Mc" or (category == "Mn" and sign >= "\u0900")
