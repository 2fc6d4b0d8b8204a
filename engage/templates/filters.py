"""The filters of templates: CLDR's, and those of Jinja's that are safe; none of them takes a missing value for a text.

A missing value passes through every filter but `default`, so that `{{ contact.city | upper | default("…") }}` means what it says.
Those that write one value (CLDR's) cost the same whatever it is; all others are charged to the rendering's budget by the size of
what they work on and of what they make, small texts excepted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS as JINJA
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from engage.model.contact import Money
from engage.model.values import to_json
from engage.templates.escaping import ESCAPES, Form, mark_value
from engage.templates.faults import Unprintable
from engage.templates.fields import Fields
from engage.templates.formats import ListStyle, UnitStyle, as_date, as_datetime, as_number
from engage.templates.functions import texts
from engage.templates.limits import MAX_RANGE, SMALL, weight
from engage.templates.scope import Reader

Filter = Callable[..., object]


@pass_context
def _date(context: Reader, value: object, style: str = "long") -> str | None:
    scope = context.scope
    if type(value) is date:
        return scope.formats.date(value, style)
    return scope.formats.date(as_date(_there(value), scope.zone), style) if value is not None else None


def _time(context: Reader, value: object, style: str = "short") -> str:
    scope = context.scope
    return scope.formats.time(as_datetime(value), scope.zone, style)


def _datetime(context: Reader, value: object, style: str = "medium") -> str:
    scope = context.scope
    return scope.formats.datetime(as_datetime(value), scope.zone, style)


def _number(context: Reader, value: object, digits: int | None = None) -> str:
    return context.scope.formats.number(as_number(value), digits)


def _percent(context: Reader, value: object, digits: int | None = None) -> str:
    return context.scope.formats.percent(as_number(value), digits)


@pass_context
def _money(context: Reader, value: object, currency: str | None = None) -> str | None:
    if value is None:
        return None
    if value.__class__ is Money and currency is None:
        return context.scope.formats.money(value.amount, value.currency)
    if isinstance(value, Money):
        if currency not in (None, value.currency):
            raise Unprintable(f"this amount is in {value.currency}; money() converts nothing")
        return context.scope.formats.money(value.amount, value.currency)
    if not isinstance(currency, str) or len(currency) != 3:
        raise Unprintable('a number needs its currency: money("EUR")')
    return context.scope.formats.money(as_number(_there(value)), currency.upper())


def _there(value: object) -> object:
    """The value. Raises UndefinedError for what is not there."""
    if isinstance(value, Undefined):
        str(value)  # raises, as strict ones do
    return value


def _list(context: Reader, value: Iterable[object], style: ListStyle = "standard") -> str:
    return context.scope.formats.list(tuple(texts(context, value)), style)


def _duration(context: Reader, value: object, unit: str | None = None, style: UnitStyle = "long") -> str:
    return context.scope.formats.duration(value, unit, style)


def _country_name(context: Reader, value: object) -> str:
    return context.scope.formats.country(str(value))


def _join(context: Reader, value: Iterable[object], separator: str = "") -> str:
    items = list(value)
    parts = [item if isinstance(item, Markup) else text for item, text in zip(items, texts(context, items), strict=True)]
    context.scope.budget.make(sum(map(len, parts)) + len(separator) * len(parts))
    if not any(isinstance(part, Markup) for part in parts):
        return separator.join(parts)
    escape = ESCAPES[context.environment.form]  # type: ignore[attr-defined]  # our own environment has it
    return Markup(escape(separator).join(part if isinstance(part, Markup) else escape(part) for part in parts))  # noqa: S704  # escaped here


def _replace(context: Reader, value: str, old: str, new: str) -> str:
    context.scope.budget.make(len(value) + (value.count(old)) * max(0, len(new) - len(old)))
    return value.replace(old, new)


def _striptags(context: Reader, value: str) -> str:
    context.scope.budget.spend(0, len(value) * value.count("<"))  # every tag that is taken out copies the rest
    return str(JINJA["striptags"](value))


def _sum(context: Reader, value: Iterable[object], attribute: str | int | None = None, start: float = 0) -> object:
    if not isinstance(start, int | float | Decimal):
        raise Unprintable("sum() adds numbers")  # lists, each copied into the next one, would grow without bound
    return JINJA["sum"](context.environment, value, attribute, start)


def _round(context: Reader, value: float, precision: Any = 0, method: str = "common") -> object:
    if not isinstance(precision, int) or not 0 <= precision <= 10:
        raise Unprintable("round() takes 0 to 10 digits")
    return JINJA["round"](as_number(value), precision, method)


def _int(context: Reader, value: object, default: int = 0) -> int:
    if isinstance(value, str) and len(value) > 100:
        return default
    return int(JINJA["int"](value, default))


def _batched(name: str) -> Filter:
    def split(context: Reader, value: Iterable[object], count: Any, fill_with: object = None) -> object:
        if not isinstance(count, int) or not 1 <= count <= MAX_RANGE:
            raise Unprintable(f"{name}() takes 1 to {MAX_RANGE}")
        return JINJA[name](value, count, fill_with)

    return split


def _escape(context: Reader, value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    escape = ESCAPES[context.environment.form]  # type: ignore[attr-defined]  # our own environment has it
    return Markup(escape(*texts(context, [value])))  # noqa: S704  # escaped here


def _tojson(context: Reader, value: object) -> str:
    form = context.environment.form  # type: ignore[attr-defined]  # our own environment has it
    write = Jsonable(context, mark_value if form is Form.BLOCKS else str).of
    if form is Form.HTML:
        return htmlsafe_json_dumps(write(value))
    if form is Form.BLOCKS:
        return Markup(json.dumps(write(value)))  # noqa: S704  # JSON is what this form takes
    return json.dumps(write(value), ensure_ascii=False)


class Jsonable:
    """Values as JSON takes them, each charged for before it is written; `text` is done to texts."""

    def __init__(self, context: Reader, text: Callable[[str], str]) -> None:
        self._budget = context.scope.budget
        self._text = text
        self._size = 0

    def of(self, value: object) -> object:
        """The value. Raises Unprintable for what JSON has no word for."""
        self._size += len(value) + 1 if isinstance(value, str) else 1
        if self._size > SMALL:
            self._budget.make(self._size)
        match value:
            case str():
                return self._text(str(value))
            case Fields():
                return {name: self.of(item) for name, item in value.whole().items()}
            case Mapping():
                return {str(name): self.of(item) for name, item in value.items()}
            case list() | tuple():
                return [self.of(item) for item in value]
            case date() | datetime() | Money() | Decimal():
                return to_json(value)
            case None | bool() | int() | float():
                return value
            case _:
                raise Unprintable("this cannot be written as JSON")


def _of_jinja(name: str) -> Filter:
    """Jinja's own filter, called alike whether it wants the context, the environment, or neither."""
    function = JINJA[name]
    wants = getattr(getattr(function, "jinja_pass_arg", None), "name", None)

    def call(context: Reader, value: object, *args: Any, **kwargs: Any) -> object:
        match wants:
            case "context":
                return function(context, value, *args, **kwargs)
            case "eval_context":
                return function(context.eval_ctx, value, *args, **kwargs)
            case "environment":
                return function(context.environment, value, *args, **kwargs)
            case _:
                return function(value, *args, **kwargs)

    return call


def _present(function: Filter) -> Filter:
    """The filter for what is there; it writes one value, and is not charged."""

    @pass_context
    def filter_(context: Reader, value: object, *args: Any, **kwargs: Any) -> object:
        if value is None:
            return None
        return function(context, _there(value), *args, **kwargs)

    return filter_


def _charged(function: Filter) -> Filter:
    """The filter for what is there, charged by the size of what it takes, times that of what it is told, and of what it makes."""

    @pass_context
    def filter_(context: Reader, value: object, *args: Any, **kwargs: Any) -> object:
        if value is None:
            return None
        _there(value)
        budget = context.scope.budget
        told = sum(map(weight, (*args, *kwargs.values()))) if args or kwargs else 0
        size = len(value) if isinstance(value, Sized) else 1
        if size > SMALL or told > SMALL:
            budget.spend(0, size * (1 + told))
        result = function(context, value, *args, **kwargs)
        if isinstance(result, Iterator):
            result = tuple(islice(result, MAX_RANGE))
        return budget.made(result)

    return filter_


def _quick(method: Callable[[str], str], function: Filter) -> Filter:
    """The filter, by the text's own method where a small text is all that it is given."""
    charged = _charged(function)

    @pass_context
    def filter_(context: Reader, value: Any, *args: Any, **kwargs: Any) -> object:
        if value.__class__ is str and not args and not kwargs and len(value) <= SMALL:
            return method(value)
        return charged(context, value, *args, **kwargs)

    return filter_


def default(value: object, default_value: object = "", boolean: bool = False) -> object:
    """`default_value` where the value is undefined or none; with `boolean`, where it is empty or false too."""
    return default_value if value is None or isinstance(value, Undefined) or (boolean and not value) else value


_SAFE = (
    "abs", "capitalize", "count", "first", "float", "last", "length", "lower", "map", "max", "min", "reject", "rejectattr", "reverse",
    "select", "selectattr", "sort", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip

_OF_ONE_VALUE: Mapping[str, Filter] = {
    "time": _time, "datetime": _datetime, "number": _number, "percent": _percent,
    "duration": _duration, "country_name": _country_name, "round": _round, "int": _int,
}  # fmt: skip

_OWN: Mapping[str, Filter] = {
    "list": _list, "join": _join, "replace": _replace,
    "batch": _batched("batch"), "slice": _batched("slice"), "e": _escape, "escape": _escape, "tojson": _tojson,
    "striptags": _striptags, "sum": _sum,
}  # fmt: skip

METHODS: Mapping[str, Callable[[str], str]] = {
    "capitalize": str.capitalize, "lower": str.lower, "upper": str.upper, "trim": str.strip,
}  # fmt: skip
"""What these filters are for a small text."""

FILTERS: Mapping[str, Filter] = {
    **{name: _charged(_of_jinja(name)) for name in _SAFE},
    **{name: _quick(method, _of_jinja(name)) for name, method in METHODS.items()},
    **{name: _charged(function) for name, function in _OWN.items()},
    **{name: _present(function) for name, function in _OF_ONE_VALUE.items()},
    "date": _date,
    "money": _money,
    "default": default,
    "d": default,
}
"""All that templates may use. `safe`, `attr`, `format` and `xmlattr` are not among them: values are always escaped."""
