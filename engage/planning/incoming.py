"""2c What comes in from outside, checked: an event as JSON -> Event. The API, the hooks and `engage event` read it here alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

from engage.model.contact import AttributeKind, Event, Value
from engage.model.errors import InputError
from engage.model.responses import OWN_EVENTS
from engage.model.values import LARGEST, UNSTORABLE, from_json

LONGEST_ID = 200
DEEPEST = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
EXAMPLES = {
    AttributeKind.TEXT: "text", AttributeKind.NUMBER: "a number", AttributeKind.BOOLEAN: "true or false",
    AttributeKind.DATE: "a date (2026-02-28)", AttributeKind.DATETIME: "a date-time (2026-02-28T09:00:00Z)",
    AttributeKind.LIST: "a list of text", AttributeKind.MONEY: 'money ({"amount": "12.30", "currency": "EUR"})',
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An event that was read. `ignored` are fields that cannot be kept: objects, but for money, that engage.yaml does not declare."""

    event: Event
    ignored: tuple[str, ...] = ()


def read_event(
    *, id: str, type: str, at: datetime, data: Mapping[str, object], contact_ref: str | None, now: datetime,
    declared: Mapping[str, Mapping[str, AttributeKind]],
) -> Incoming:
    """The event, each declared field as its type. An undeclared type is taken too: it may be declared later.

    Raises InputError for a declared field of another type, as an event that nobody can use is better refused than kept in silence.
    """
    _refuse(not id or len(id) > LONGEST_ID, f"an event's id is text of 1 to {LONGEST_ID} characters")
    _refuse(not type, "an event has a type")
    for name, written in (("id", id), ("type", type), ("contact", contact_ref or "")):
        _refuse(bool(_CONTROL.search(written)), f"an event's {name} holds no control characters: {written!r}")
    for name, raw in data.items():
        _refuse(_is_deep(raw), f"event {id}: {name!r} is nested more than {DEEPEST} times")
        _refuse(_is_too_large(raw), f"event {id}: {name!r} holds a number that does not fit 64 bits; as text it can be kept")
        _refuse(_is_unstorable({name: raw}), f"event {id}: {name!r} holds NUL or half of a surrogate pair, which are no characters")
    _refuse(type.startswith(OWN_EVENTS), f"event {id}: `{type}` is of Engage's own: it comes back of a message that was sent")
    _refuse(at.tzinfo is None, f"event {id}: `at` says no offset from UTC (2026-02-28T09:00:00Z)")
    _refuse(not EARLIEST_YEAR <= at.year < LATEST_YEAR, f"event {id}: `at` lies in the year {at.year}, which no clock of ours shows")
    kinds = declared.get(type, {})
    kept = {name: _field(id, name, raw, kinds.get(name)) for name, raw in data.items() if name in kinds or _plain(raw)}
    event = Event(id=id, type=type, at=at, data=kept, contact_ref=contact_ref or None, received_at=now)
    return Incoming(event=event, ignored=tuple(name for name in data if name not in kept))


def _field(event_id: str, name: str, raw: object, kind: AttributeKind | None) -> Value:
    if kind is None and isinstance(raw, Mapping):
        return from_json(raw, AttributeKind.MONEY)
    if kind is None:
        return tuple(str(item) for item in raw) if isinstance(raw, list | tuple) else raw  # type: ignore[return-value]  # _plain saw to it
    value = from_json(raw, kind)
    _refuse(value is None and raw is not None, f"event {event_id}: `{name}` must be {EXAMPLES[kind]}")
    return value


def _is_deep(raw: object) -> bool:
    """Looked at level by level, as whoever nests so deeply means to exhaust those who go down."""
    level: list[object] = [raw]
    for _ in range(DEEPEST):
        level = [each for one in level for each in _parts(one)]
        if not level:
            return False
    return True


def _parts(raw: object) -> Iterable[object]:
    return raw.values() if isinstance(raw, Mapping) else raw if isinstance(raw, list | tuple) else ()


def _is_too_large(raw: object) -> bool:
    """Whether there is a whole number in it with which a database cannot count."""
    return not -LARGEST <= raw <= LARGEST if isinstance(raw, int) else any(map(_is_too_large, _parts(raw)))


def _is_unstorable(raw: object) -> bool:
    match raw:
        case str():
            return UNSTORABLE.search(raw) is not None
        case Mapping():
            return any(_is_unstorable(name) or _is_unstorable(each) for name, each in raw.items())
        case list() | tuple():
            return any(map(_is_unstorable, raw))
        case _:
            return False


def _plain(raw: object) -> bool:
    if isinstance(raw, Mapping):
        return from_json(raw, AttributeKind.MONEY) is not None
    if isinstance(raw, list | tuple):
        return all(item is not None and _plain(item) and not isinstance(item, list | tuple | Mapping) for item in raw)
    return raw is None or isinstance(raw, str | bool | int) or (isinstance(raw, float) and math.isfinite(raw))


def _refuse(wrong: bool, what: str) -> None:
    if wrong:
        raise InputError.of(what, file="event")
