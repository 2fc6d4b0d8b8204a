"""What laws ask of messages, country by country, from the files of this folder: each rule with its source. No legal advice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from engage.model.contact import ChannelKind
from engage.model.law import LawRule
from engage.model.quiet_hours import CountryHours
from engage.model.workspace import Basis

__all__ = ["laws"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cache
def laws() -> Mapping[str, LawRule]:
    """Every rule by its id, file by file."""
    return MappingProxyType({rule.id: rule for rule in _rules()})


def _rules() -> Iterator[LawRule]:
    for file in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            written = yaml.safe_load(file.read_text("utf-8"))
            for name, rule in written["rules"].items():
                yield _rule(f"{file.name.removesuffix('.yaml')}.{name}", rule, written)


def _rule(id_: str, rule: Mapping[str, Any], file: Mapping[str, Any]) -> LawRule:
    return LawRule(
        id=id_, countries=frozenset(file["countries"]), what=rule["what"], law=rule["law"], article=rule["article"], url=rule["url"],
        as_of=file["as_of"], kinds=frozenset(ChannelKind(kind) for kind in rule.get("kinds", ())),
        asks=Basis(rule["asks"]) if "asks" in rule else None, quiet=_quiet(rule["quiet"]) if "quiet" in rule else None,
        tracking=rule.get("tracking", False),
    )


def _quiet(written: Mapping[str, Any]) -> CountryHours:
    return CountryHours(
        start=time.fromisoformat(written["from"]), end=time.fromisoformat(written["to"]),
        days_off=frozenset(DAYS.index(day) for day in written.get("days_off", ())), holidays=written.get("holidays"),
    )
