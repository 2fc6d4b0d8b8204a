"""How an attribute's or an event's value is written as JSON, and read back as its declared kind.

Dates are ISO 8601 (`2026-02-28`), date-times ISO 8601 in UTC with six decimals (so that their text sorts as they do),
money `{"amount": "12.30", "currency": "EUR"}`, decimals numbers, lists arrays of text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from engage.model.contact import AttributeKind, Money, Value

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")  # ISO 8601 has more ways to write a date: no database reads them all
_CURRENCY = re.compile("[A-Za-z]{3}")

LARGEST = 9_200_000_000_000_000_000
"""Of whole numbers, either way: what 64 bits hold, and so every database."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What no text of a database holds: NUL, and half of a surrogate pair."""


def moment_text(at: datetime) -> str:
    """A moment as people and other programs read it: ISO 8601 in UTC with `Z`, with a fraction of a second only where it has one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_text(at: datetime) -> str:
    """A moment as text that sorts as moments do: in UTC with six decimals and `Z`, of one width."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (  # noqa: UP031  # half the time of f"", or isoformat; strftime: the year 1 as `1`
        utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond,
    )


def to_json(value: Value) -> object:
    """The value as JSON."""
    match value:
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case tuple():
            return list(value)
        case _:
            return value


def from_json(raw: object, kind: AttributeKind) -> Value:
    """The value of that kind, or None where `raw` is missing or not of it (what is wrongly typed counts as missing)."""
    match kind, raw:
        case AttributeKind.TEXT, str():
            return raw
        case AttributeKind.BOOLEAN, bool():
            return raw
        case AttributeKind.NUMBER, bool():
            return None
        case AttributeKind.NUMBER, float() if not math.isfinite(raw):
            return None
        case AttributeKind.NUMBER, int() | float():
            return raw
        case AttributeKind.LIST, list() | tuple():
            return tuple(str(item) for item in raw)
        case AttributeKind.DATE, str():
            return _date(raw)
        case AttributeKind.DATETIME, str():
            return _datetime(raw)
        case AttributeKind.MONEY, Mapping():
            return _money(raw)
        case _:
            return None


def _date(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if _DAY.fullmatch(raw) else None
    except ValueError:
        return None


def _datetime(raw: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(raw)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 with an offset lies before all years
        return None


def _money(raw: Mapping[object, object]) -> Money | None:
    amount, currency = raw.get("amount"), raw.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    if isinstance(amount, str) and _AMOUNT.fullmatch(amount):
        return Money(amount=Decimal(amount), currency=currency.upper())
    number = from_json(amount, AttributeKind.NUMBER)
    return None if number is None else Money(amount=Decimal(str(number)), currency=currency.upper())


def _decimal(raw: object) -> Decimal | None:
    try:
        return Decimal(str(raw))
    except InvalidOperation:
        return None


def pack(value: object) -> object:
    """Any value, or a mapping of them, as JSON that says itself what it is (`{"$date": "2026-02-28"}`)."""
    match value:
        case datetime():
            return {"$at": to_json(value)}
        case date():
            return {"$date": value.isoformat()}
        case Money():
            return {"$money": to_json(value)}
        case Decimal():
            return {"$number": str(value)}
        case Mapping():
            return {str(key): pack(item) for key, item in value.items()}
        case list() | tuple():
            return [pack(item) for item in value]
        case _:
            return value


def unpack(raw: object) -> object:
    """What `pack` wrote, as it was (lists come back as tuples)."""
    match raw:
        case {"$at": moment}:
            return from_json(moment, AttributeKind.DATETIME)
        case {"$date": day}:
            return from_json(day, AttributeKind.DATE)
        case {"$money": amount}:
            return from_json(amount, AttributeKind.MONEY)
        case {"$number": text}:
            return _decimal(text)
        case Mapping():
            return {key: unpack(item) for key, item in raw.items()}
        case list() | tuple():
            return tuple(unpack(item) for item in raw)
        case _:
            return raw


def plain(value: object) -> object:
    """Any value, or a mapping of them, as the JSON that other programs expect: dates and moments are text, money an object."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case str() | bool() | int() | float() | Decimal() | date() | Money() | None:
            return to_json(value)
        case _:
            return str(value)
