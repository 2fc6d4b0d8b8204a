"""Which languages to try for a reader: their own, its parents in the same script, the workspace's (CLDR inheritance)."""

from __future__ import annotations

import re
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError, get_global

ALIASES = {"tl": "fil", "iw": "he", "in": "id", "ji": "yi", "mo": "ro", "sh": "sr-Latn"}
"""Old codes that systems still send, and what CLDR calls them."""

PLURAL_CATEGORIES = ("zero", "one", "two", "few", "many", "other")

_TAG = re.compile(r"^([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_.@].*)?$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def normal(tag: str) -> str | None:
    """The tag in the form `uz-Cyrl-UZ`, variants and extensions left off; None where it is no BCP 47 tag."""
    found = _TAG.match(tag.strip())
    if found is None:
        return None
    language, script, territory = found.groups()
    language, _, implied = ALIASES.get(language.lower(), language.lower()).partition("-")
    script = script or implied
    return "-".join(part for part in (language, script.title() if script else "", territory.upper() if territory else "") if part)


@lru_cache(maxsize=4096)
def parents(tag: str) -> tuple[str, ...]:
    """The tag itself and its parents, nearest first, never one of another script: `uz-Cyrl-UZ` is no reader of Latin `uz`."""
    own = normal(tag)
    if own is None:
        return ()
    script = _script(own)
    language, *rest = own.split("-")
    starts = [own]
    if script and script not in rest and script != _script(language):
        starts.append("-".join([language, script, *rest]))
    found = dict.fromkeys(step for start in starts for step in _inherited(start))
    return tuple(step for step in found if _script(step) == script)


@lru_cache(maxsize=4096)
def babel_locale(tag: str) -> Locale:
    """Babel's locale for the tag, or for its nearest parent that CLDR knows; English where it knows none."""
    for step in parents(tag):
        try:
            return Locale.parse(step, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def is_known(tag: str) -> bool:
    """Whether CLDR knows the language."""
    try:
        return normal(tag) is not None and bool(Locale.parse(tag.split("-")[0]))
    except (UnknownLocaleError, ValueError):
        return False


def is_right_to_left(tag: str) -> bool:
    """Whether the language is written from right to left."""
    return bool(babel_locale(tag).text_direction == "rtl")


def plural_categories(tag: str) -> tuple[str, ...]:
    """The plural forms that CLDR demands of the language, in CLDR's order; `other` is always the last."""
    tags = {*babel_locale(tag).plural_form.tags, "other"}
    return tuple(form for form in PLURAL_CATEGORIES if form in tags)


def _inherited(tag: str) -> list[str]:
    exceptions = get_global("parent_exceptions")
    steps = []
    current: str | None = tag
    while current and current != "root":
        steps.append(current)
        shorter = current.rpartition("-")[0] or None
        current = exceptions.get(current.replace("-", "_"), shorter)
        current = current.replace("_", "-") if current else None
    return steps


def _script(tag: str) -> str | None:
    subtags = tag.split("-")
    explicit = next((part for part in subtags[1:] if len(part) == 4), None)
    if explicit:
        return explicit
    likely = get_global("likely_subtags")
    full = likely.get("_".join(subtags)) or likely.get(subtags[0])
    return full.split("_")[1] if full else None
