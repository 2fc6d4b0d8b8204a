"""What a part of a campaign or of the settings says, key by key and as people write it: for telling two versions apart.

Secrets and what comes from the environment (fields that are kept out of `repr`) are compared, and never shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, time
from fractions import Fraction
from itertools import chain
from typing import Any, final

from engage.model.campaign import ReEntry
from engage.model.expression import Expression
from engage.model.shares import percent
from engage.rules.scalars import WEEKDAYS

KEYS = {
    "valid_from": "valid.from", "valid_until": "valid.until", "exits": "exit", "limits": "limit", "migrates": "on_edit",
    "copies": "duplicates", "with_": "with", "as_": "as", "otherwise": "else", "sender": "from", "start": "from", "end": "to",
    "offset_days": "offset", "by_all": "all", "duration": "for", "condition": "if",
}
"""Fields whose keys in YAML are called otherwise."""

NOT_SAID = frozenset({"name", "version", "path", "place", "id"})
HIDDEN = "(hidden)"

Said = Mapping[str, str]
"""Key, such as `trigger.at`, and what it is set to. What is not set, or empty, is not there."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key: what it was, and what it is; None where it was, or is, not set."""

    key: str
    before: str | None
    after: str | None


def differences(before: Said, after: Said) -> tuple[Difference, ...]:
    """The keys that are not the same in both, in the order of their names."""
    keys = sorted(before.keys() | after.keys())
    return tuple(
        Difference(key=key, before=_shown(before.get(key)), after=_shown(after.get(key)))
        for key in keys if before.get(key) != after.get(key)
    )


def said_by(value: Any, *, without: frozenset[str] = frozenset()) -> Said:
    """What the fields of a dataclass say, but for these."""
    return dict(chain.from_iterable(
        _said(KEYS.get(each.name, each.name), getattr(value, each.name), hidden=not each.repr)
        for each in fields(value) if each.name not in without | NOT_SAID
    ))


def _said(key: str, value: Any, *, hidden: bool) -> Iterator[tuple[str, str]]:
    if hidden:
        yield key, f"{HIDDEN}{hashlib.sha256(repr(value).encode()).hexdigest()}"
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _said(f"{key}.{name}", each, hidden=False)
    elif is_dataclass(value) and type(value).__str__ is object.__str__ and not isinstance(value, Expression | ReEntry):
        yield from ((f"{key}.{name}", text) for name, text in said_by(value).items())
    elif (text := written(value)) is not None:
        yield key, "migrate" if key == "on_edit" else text


def _shown(text: str | None) -> str | None:
    return HIDDEN if text is not None and text.startswith(HIDDEN) else text


def written(value: Any) -> str | None:
    """A value as it stands in YAML; None for what says nothing."""
    match value:
        case None | False | () | frozenset() if not value:
            return None
        case Expression():
            return value.source
        case ReEntry():
            return "never" if not value.allowed else f"after {value.after}" if value.after else None
        case tuple():
            return ", ".join(filter(None, map(written, value)))
        case frozenset():
            return ", ".join(WEEKDAYS[each] if isinstance(each, int) else str(each) for each in sorted(value, key=str))
        case Mapping():
            return ", ".join(f"{key}: {written(each)}" for key, each in value.items())
        case _ if is_dataclass(value) and type(value).__str__ is object.__str__:
            return ", ".join(f"{key}: {text}" for key, text in said_by(value).items())
        case _:
            return _written_scalar(value)


def _written_scalar(value: object) -> str | None:
    match value:
        case True:
            return "yes"
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case time():
            return value.isoformat("minutes")
        case Fraction():
            return percent(value) if value else None
        case _:
            return str(value)
