"""Arithmetic, days and items: what values come to, without a closure around them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from engage.model.contact import AttributeKind, Money
from engage.model.expression import Sum
from engage.rules.expressions.meaning import MAX_INTEGER, as_date, kind_of, plain
from engage.rules.expressions.scope import Scope

DAY = timedelta(days=1)


def compute(sum_: Sum, left: object, right: object) -> object:
    """The sum of two numbers; None where one is missing or none, where it divides by zero, and where it has no end."""
    if kind_of(left) is not AttributeKind.NUMBER or kind_of(right) is not AttributeKind.NUMBER:
        return None
    one, other = _plain(left), _plain(right)
    try:
        total = _sum(sum_, one, other)
    except ArithmeticError:
        return None
    return total if abs(total) < MAX_INTEGER else None


def _plain(number: object) -> int | float:
    return float(number) if isinstance(number, Decimal) else number  # type: ignore[return-value]  # compute made sure of it


def _sum(sum_: Sum, one: int | float, other: int | float) -> int | float:
    match sum_:
        case Sum.ADD:
            return one + other
        case Sum.SUBTRACT:
            return one - other
        case Sum.MULTIPLY:
            return one * other
        case Sum.DIVIDE:
            return one / other
        case Sum.FLOOR:
            return one // other
        case Sum.REMAINDER:
            return one % other


def item(owner: object, index: object) -> object:
    """What a list has at a place, or a record under a name; None where there is nothing."""
    if isinstance(owner, Mapping) and isinstance(index, str):
        return plain(owner.get(index))
    if isinstance(owner, Money):
        return {"amount": owner.amount, "currency": owner.currency}.get(index) if isinstance(index, str) else None
    if isinstance(owner, tuple | list) and kind_of(index) is AttributeKind.NUMBER and isinstance(index, int):
        return plain(owner[index]) if -len(owner) <= index < len(owner) else None
    return None


def days(value: object, scope: Scope, *, until: bool) -> int | None:
    """Days between now and the value: by the recipient's calendar to a date, whole spans of 24 hours to a date-time.

    A text, which only data of unknown shape brings here, is taken for what it says.
    """
    if isinstance(value, str):
        value = as_date(value, AttributeKind.DATE) or as_date(value, AttributeKind.DATETIME)
    if isinstance(value, datetime) and value.tzinfo is not None:
        passed = value - scope.now if until else scope.now - value
        return passed // DAY
    if kind_of(value) is AttributeKind.DATE and isinstance(value, date):
        return (value - scope.today).days if until else (scope.today - value).days
    return None
