"""What the operators mean, value by value: two-valued, and false where a side is missing or of another type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from engage.model.contact import AttributeKind, Money, Value
from engage.model.values import from_json

PYTHON_TYPES: Mapping[AttributeKind, tuple[type, ...]] = {
    AttributeKind.TEXT: (str,),
    AttributeKind.NUMBER: (int, float, Decimal),
    AttributeKind.BOOLEAN: (bool,),
    AttributeKind.DATE: (date,),
    AttributeKind.DATETIME: (datetime,),
    AttributeKind.LIST: (tuple,),
    AttributeKind.MONEY: (Money,),
}

MAX_INTEGER = 10**300
"""No sum goes further, be it of whole numbers or not: what is longer cannot even be written down."""

ORDERED = frozenset({AttributeKind.TEXT, AttributeKind.NUMBER, AttributeKind.DATE, AttributeKind.DATETIME, AttributeKind.MONEY})
"""The kinds of which one value may be less than another."""


def kind_of(value: object) -> AttributeKind | None:
    """The kind of a value in hand; None for what is missing, for a record, for a number without an end and a time without a zone."""
    if isinstance(value, bool):
        return AttributeKind.BOOLEAN
    if isinstance(value, datetime):
        return AttributeKind.DATETIME if value.tzinfo is not None else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return next((kind for kind, types in PYTHON_TYPES.items() if isinstance(value, types)), None)


def conform(value: object, kind: AttributeKind) -> Value:
    """The value as that kind, also where it is still JSON; None where it is of another."""
    found = kind_of(value)
    if found is kind:
        return value  # type: ignore[return-value]  # kind_of found it to be one of Value's types
    return from_json(value, kind) if found in (None, AttributeKind.TEXT) else None


def plain(value: object) -> object:
    """A value of whatever shape, as JSON brings it, for the operators: a list as a tuple; a number without an end is missing."""
    if isinstance(value, list):
        return tuple(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_date(text: str, kind: AttributeKind) -> Value:
    """The date or date-time that a text compared with one means; None where it is none."""
    return from_json(text.strip(), kind)


def equal(left: object, right: object) -> bool:
    """Whether both are there, of one kind, and the same."""
    left, right = _alike(left, right)
    return left is not None and left == right


def ordered(left: object, right: object) -> int | None:
    """-1, 0 or 1 as the left is less than, equal to or greater than the right; None where they have no order."""
    left, right = _alike(left, right)
    match left, right:
        case None, _:
            return None
        case Money(), Money():
            return _sign(left.amount, right.amount) if left.currency == right.currency else None
        case bool(), _:
            return None
        case (str() | int() | float() | date()), _:
            return _sign(left, right)
        case _:
            return None


def contains(whole: object, part: object) -> bool:
    """Whether the part is an item of the list, or stands in the text."""
    if isinstance(whole, tuple | list):
        return any(equal(plain(item), part) for item in whole)
    return isinstance(whole, str) and isinstance(part, str) and part in whole


def text_of(value: object) -> str | None:
    """The value within a text; None where it is missing, or a record."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= MAX_INTEGER:
            return None
        case str() | int() | float() | Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Money():
            return f"{value.amount} {value.currency}"
        case tuple():
            return ", ".join(text_of(item) or "" for item in value)
        case _:
            return None


def _alike(left: object, right: object) -> tuple[object, object]:
    """Both sides made comparable; None, None where they are not."""
    one, other = kind_of(left), kind_of(right)
    if AttributeKind.MONEY in (one, other) and one is not other:
        return _both(conform(left, AttributeKind.MONEY), conform(right, AttributeKind.MONEY))
    if one is None or other is None:
        return None, None
    if one is AttributeKind.NUMBER and other is AttributeKind.NUMBER:
        return _number(left), _number(right)
    if one is other:
        return left, right
    if isinstance(left, str) and other in (AttributeKind.DATE, AttributeKind.DATETIME):
        return _both(as_date(left, other), right)
    if isinstance(right, str) and one in (AttributeKind.DATE, AttributeKind.DATETIME):
        return _both(left, as_date(right, one))
    return None, None


def _both(left: object, right: object) -> tuple[object, object]:
    return (None, None) if left is None or right is None else (left, right)


def _number(value: object) -> object:
    """A decimal is compared as the floating number nearest to it, as numbers in the source and in JSON are."""
    return float(value) if isinstance(value, Decimal) else value


def _sign(left: object, right: object) -> int:
    return int(left > right) - int(left < right)  # type: ignore[operator]  # both are of one ordered kind
