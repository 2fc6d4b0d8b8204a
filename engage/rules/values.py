"""A value in a YAML file -> the Value of a declared attribute or event field: what a scalar means is for its kind to say."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import assert_never

from engage.model.contact import AttributeKind, Money, Value
from engage.model.errors import Problem
from engage.rules import scalars
from engage.rules.tree import Map, Scalar, Tree

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_MONEY = re.compile(r"([+-]?\d{1,15}(?:\.\d{1,6})?)\s+([A-Za-z]{3})")


def value_of(written: Tree, kind: AttributeKind, problems: list[Problem]) -> Value:
    """The value; None, with the reason added to `problems`, where it is not of that kind."""
    try:
        return _read(written, kind)
    except ValueError as error:
        quoted = f"`{written.written}`" if isinstance(written, Scalar) else "this"
        problems.append(Problem(place=written.place, what=f"{quoted} {error}"))
        return None


def _read(written: Tree, kind: AttributeKind) -> Value:
    match kind, written:
        case AttributeKind.LIST, list():
            return tuple(_text(item) for item in written)
        case AttributeKind.LIST, Scalar():
            return tuple(part.strip() for part in written.split(",") if part.strip())
        case AttributeKind.MONEY, Map() if set(written) == {"amount", "currency"}:
            return _money(f"{_text(written['amount'])} {_text(written['currency'])}")
    return _scalar(_text(written), kind)


def _text(written: Tree) -> str:
    if not isinstance(written, Scalar):
        raise ValueError("is not a text")
    return str(written)


def _scalar(text: str, kind: AttributeKind) -> Value:
    match kind:
        case AttributeKind.TEXT | AttributeKind.LIST:
            return text
        case AttributeKind.NUMBER:
            return _number(text)
        case AttributeKind.BOOLEAN:
            return scalars.truth(text)
        case AttributeKind.DATE:
            return scalars.day(text)
        case AttributeKind.DATETIME:
            return scalars.instant(text)
        case AttributeKind.MONEY:
            return _money(text)
        case _ as never:
            assert_never(never)


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number")
    return float(text) if "." in text else int(text)


def _money(text: str) -> Money:
    match = _MONEY.fullmatch(text)
    if match is None:
        raise ValueError("is not an amount of money; write it like 12.30 EUR")
    return Money(amount=Decimal(match[1]), currency=match[2].upper())
