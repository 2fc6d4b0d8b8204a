"""Names of languages, countries, zones and currencies as people write them -> the one spelling that Engage keeps.

What exists is CLDR's to say (Babel), and the pinned zone data's. Everything here raises Unusable, with what was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache

from babel import Locale
from babel.core import get_global, parse_locale

from engage.contacts.countries import code_of, countries
from engage.model.localtime import zone_names

_TAG = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*")


class Unusable(ValueError):
    """A value that cannot be taken; `suggestion` is what was probably meant."""

    def __init__(self, what: str, suggestion: str | None = None) -> None:
        super().__init__(f"{what}; did you mean {suggestion}?" if suggestion else what)
        self.what = what
        self.suggestion = suggestion


def locale(raw: str) -> str:
    """A language tag (BCP 47) in its canonical form: `SL_si` -> `sl-SI`, `tl` -> `fil`, `uz-cyrl` -> `uz-Cyrl`."""
    if not _TAG.fullmatch(raw):
        raise Unusable(f"{raw!r} is no language tag such as sl or uz-Cyrl")
    try:
        language, territory, script, variant = parse_locale(raw.replace("_", "-"), sep="-")[:4]
    except ValueError as error:
        raise Unusable(f"{raw!r} is no language tag such as sl or uz-Cyrl") from error
    replaced = get_global("language_aliases").get(language, language).split("_")
    if replaced[0] not in _languages():
        raise Unusable(f"there is no language {raw!r}", _code_of(raw, _languages()))
    if territory and territory not in countries() and not territory.isdigit():
        raise Unusable(f"there is no country {territory!r}, in {raw!r}")
    own_script = script or next((part for part in replaced[1:] if len(part) == 4), None)
    return "-".join(part for part in (replaced[0], own_script, territory, variant and variant.lower()) if part)


def country(raw: str) -> str:
    """A country as ISO 3166-1 alpha-2, in capitals; by its code, or its name in one of many languages."""
    found = code_of(raw)
    if found is None:
        raise Unusable(f"there is no country {raw!r}", _code_of(raw, countries()))
    return found


def timezone(raw: str) -> str:
    """A time zone by its IANA name, exactly as the zone data has it, older names too; or by the name that Windows gives it (CLDR)."""
    if raw in zone_names():
        return raw
    windows = get_global("windows_zone_mapping").get(raw)
    if windows in zone_names():
        return str(windows)
    raise Unusable(f"there is no time zone {raw!r}", _nearest(raw, zone_names()))


def currency(raw: str) -> str:
    """A currency as ISO 4217, in capitals."""
    if raw.upper() in _currencies():
        return raw.upper()
    raise Unusable(f"there is no currency {raw!r}", _nearest(raw.upper(), _currencies()))


@cache
def _languages() -> Mapping[str, str]:
    names: Mapping[str, str] = Locale("en").languages
    return {code: name for code, name in names.items() if "_" not in code and code not in ("und", "mul", "zxx", "mis")}


@cache
def _currencies() -> frozenset[str]:
    return frozenset(Locale("en").currencies) - {"XXX", "XTS"}


def _code_of(raw: str, names: Mapping[str, str]) -> str | None:
    """The code of what was written out (`Slovenia`, `slovenian`), spelt nearly right."""
    codes = {name.casefold(): code for code, name in names.items()}
    found = _nearest(raw.casefold(), codes)
    return codes[found] if found else None


def _nearest(raw: str, known: Iterable[str]) -> str | None:
    by_fold = {name.casefold(): name for name in known}
    found = get_close_matches(raw.casefold().replace(" ", "_"), by_fold, n=1, cutoff=0.7)
    return by_fold[found[0]] if found else None
