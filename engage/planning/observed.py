"""What has come in of late -> what engage.yaml could declare of it: types, their fields, and what kinds those seem to be. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, final

from engage.model.contact import AttributeKind
from engage.model.responses import OWN_EVENTS
from engage.model.values import from_json, moment_text
from engage.rules import scalars

Declared = Mapping[str, Mapping[str, AttributeKind]]

_IN_ORDER = (
    AttributeKind.BOOLEAN, AttributeKind.NUMBER, AttributeKind.DATE, AttributeKind.DATETIME, AttributeKind.MONEY, AttributeKind.LIST,
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
"""An order's number may be a moment to a lenient reader; a moment has its signs."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvents:
    """Events of one type that came in: how many, the last one's `at`, and the fields of some of them, as JSON."""

    type: str
    count: int
    last: datetime
    samples: Sequence[Mapping[str, object]] = field(default=(), repr=False)


class Sightings(Protocol):
    """What has come in."""

    def seen(self, *, since: datetime) -> Sequence[SeenEvents]:
        """By type, in their order: what was received since then."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One type: what engage.yaml says of its fields, and what undeclared ones seem to be. `declared` None: nothing is said of it."""

    type: str
    count: int
    last: datetime
    declared: Mapping[str, AttributeKind] | None
    undeclared: Mapping[str, AttributeKind]

    @property
    def is_news(self) -> bool:
        """Whether engage.yaml does not say all of it."""
        return self.declared is None or bool(self.undeclared)


def observe(seen: Iterable[SeenEvents], declared: Declared) -> Sequence[Observed]:
    """What was seen, against what is declared. Our own events (`message.…`) are nobody's to declare."""
    return [
        Observed(
            type=each.type, count=each.count, last=each.last, declared=declared.get(each.type),
            undeclared={
                name: guess(values) for name, values in _by_name(each.samples).items() if name not in declared.get(each.type, {})
            },
        )
        for each in seen
        if not each.type.startswith(OWN_EVENTS)
    ]


def guess(values: Iterable[object]) -> AttributeKind:
    """The first kind that all these JSON values are of; those that are missing say nothing."""
    present = [value for value in values if value is not None]
    return next((kind for kind in _IN_ORDER if present and all(_is_of(value, kind) for value in present)), AttributeKind.TEXT)


def as_yaml(observed: Iterable[Observed]) -> Iterator[str]:
    """What is not declared yet, as lines to stand in engage.yaml; a type that is declared in part comes whole, to replace it."""
    yield "events:"
    for each in observed:
        if each.is_news:
            fields = {**(each.declared or {}), **each.undeclared}
            written = ", ".join(f"{name}: {kind}" for name, kind in fields.items() if _may_be(name, scalars.field))
            note = f"{each.count} came, the last {moment_text(each.last)}"
            begin = "  " if _may_be(each.type, scalars.event_type) else "  # no name for an event: "
            yield f"{begin}{each.type}: {{{written}}}  # {note}{_left_out(fields)}"


def _left_out(fields: Iterable[str]) -> str:
    names = [json.dumps(name) for name in fields if not _may_be(name, scalars.field)]
    return f"; no names for fields: {', '.join(names)}" if names else ""


def _may_be(name: str, check: Callable[[str], object]) -> bool:
    try:
        check(name)
    except ValueError:
        return False
    return True


def _by_name(samples: Iterable[Mapping[str, object]]) -> Mapping[str, list[object]]:
    found: dict[str, list[object]] = {}
    for sample in samples:
        for name, value in sample.items():
            found.setdefault(name, []).append(value)
    return found


def _is_of(value: object, kind: AttributeKind) -> bool:
    if kind is AttributeKind.DATETIME and not (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return False
    return from_json(value, kind) is not None
