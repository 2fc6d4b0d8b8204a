"""The filters of templates: CLDR's, and those of Jinja's that are safe; none of them takes a missing value for a text.

Each is charged to the rendering's budget by the size of what it works on. A missing value passes through every filter but
`default`, so that `{{ contact.city | upper | default("…") }}` means what it says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sized
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from types import GeneratorType
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS as JINJA
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from engage.model.contact import Money
from engage.model.values import to_json
from engage.templates.escaping import ESCAPES, Form, mark_value
from engage.templates.faults import Unprintable
from engage.templates.fields import Fields
from engage.templates.formats import ListStyle, UnitStyle, as_date, as_datetime, as_number
from engage.templates.functions import texts
from engage.templates.limits import MAX_RANGE
from engage.templates.scope import scope_of

Filter = Callable[..., object]


def _date(context: Context, value: object, style: str = "long") -> str:
    scope = scope_of(context)
    return scope.formats.date(as_date(value, scope.zone), style)


def _time(context: Context, value: object, style: str = "short") -> str:
    scope = scope_of(context)
    return scope.formats.time(as_datetime(value), scope.zone, style)


def _datetime(context: Context, value: object, style: str = "medium") -> str:
    scope = scope_of(context)
    return scope.formats.datetime(as_datetime(value), scope.zone, style)


def _number(context: Context, value: object, digits: int | None = None) -> str:
    return scope_of(context).formats.number(as_number(value), digits)


def _percent(context: Context, value: object, digits: int | None = None) -> str:
    return scope_of(context).formats.percent(as_number(value), digits)


def _money(context: Context, value: object, currency: str | None = None) -> str:
    if isinstance(value, Money):
        if currency not in (None, value.currency):
            raise Unprintable(f"this amount is in {value.currency}; money() converts nothing")
        return scope_of(context).formats.money(value.amount, value.currency)
    if not isinstance(currency, str) or len(currency) != 3:
        raise Unprintable('a number needs its currency: money("EUR")')
    return scope_of(context).formats.money(as_number(value), currency.upper())


def _list(context: Context, value: Iterable[object], style: ListStyle = "standard") -> str:
    return scope_of(context).formats.list(tuple(texts(context, value)), style)


def _duration(context: Context, value: object, unit: str | None = None, style: UnitStyle = "long") -> str:
    return scope_of(context).formats.duration(value, unit, style)


def _country_name(context: Context, value: object) -> str:
    return scope_of(context).formats.country(str(value))


def _join(context: Context, value: Iterable[object], separator: str = "") -> str:
    items = list(value)
    parts = [item if isinstance(item, Markup) else text for item, text in zip(items, texts(context, items), strict=True)]
    scope_of(context).budget.make(sum(map(len, parts)) + len(separator) * len(parts))
    if not any(isinstance(part, Markup) for part in parts):
        return separator.join(parts)
    escape = ESCAPES[context.environment.form]  # type: ignore[attr-defined]  # our own environment has it
    return Markup(escape(separator).join(part if isinstance(part, Markup) else escape(part) for part in parts))  # noqa: S704  # escaped here


def _replace(context: Context, value: str, old: str, new: str) -> str:
    scope_of(context).budget.make(len(value) + (value.count(old)) * max(0, len(new) - len(old)))
    return value.replace(old, new)


def _round(context: Context, value: float, precision: Any = 0, method: str = "common") -> object:
    if not isinstance(precision, int) or not 0 <= precision <= 10:
        raise Unprintable("round() takes 0 to 10 digits")
    return JINJA["round"](as_number(value), precision, method)


def _int(context: Context, value: object, default: int = 0) -> int:
    if isinstance(value, str) and len(value) > 100:
        return default
    return int(JINJA["int"](value, default))


def _batched(name: str) -> Filter:
    def split(context: Context, value: Iterable[object], count: Any, fill_with: object = None) -> object:
        if not isinstance(count, int) or not 1 <= count <= MAX_RANGE:
            raise Unprintable(f"{name}() takes 1 to {MAX_RANGE}")
        return JINJA[name](value, count, fill_with)

    return split


def _escape(context: Context, value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    escape = ESCAPES[context.environment.form]  # type: ignore[attr-defined]  # our own environment has it
    return Markup(escape(*texts(context, [value])))  # noqa: S704  # escaped here


def _tojson(context: Context, value: object) -> str:
    form = context.environment.form  # type: ignore[attr-defined]  # our own environment has it
    if form is Form.HTML:
        return htmlsafe_json_dumps(_jsonable(value, str))
    if form is Form.BLOCKS:
        return Markup(json.dumps(_jsonable(value, mark_value)))  # noqa: S704  # JSON is what this form takes
    return json.dumps(_jsonable(value, str), ensure_ascii=False)


def _jsonable(value: object, text: Callable[[str], str]) -> object:
    match value:
        case str():
            return text(str(value))
        case Fields():
            return {name: _jsonable(item, text) for name, item in value.values.items()}
        case Mapping():
            return {str(name): _jsonable(item, text) for name, item in value.items()}
        case list() | tuple():
            return [_jsonable(item, text) for item in value]
        case date() | datetime() | Money() | Decimal():
            return to_json(value)
        case None | bool() | int() | float():
            return value
        case _:
            raise Unprintable("this cannot be written as JSON")


def _of_jinja(name: str) -> Filter:
    """Jinja's own filter, called alike whether it wants the context, the environment, or neither."""
    function = JINJA[name]
    wants = getattr(function, "jinja_pass_arg", None)

    def call(context: Context, value: object, *args: Any, **kwargs: Any) -> object:
        match wants.name if wants is not None else None:
            case "context":
                return function(context, value, *args, **kwargs)
            case "eval_context":
                return function(context.eval_ctx, value, *args, **kwargs)
            case "environment":
                return function(context.environment, value, *args, **kwargs)
            case _:
                return function(value, *args, **kwargs)

    return call


def _charged(function: Filter) -> Filter:
    @pass_context
    def filter_(context: Context, value: object, *args: Any, **kwargs: Any) -> object:
        if value is None:
            return None
        if isinstance(value, Undefined):
            str(value)  # raises, as strict ones do
        scope_of(context).budget.spend(1, len(value) if isinstance(value, Sized) else 1)
        result = function(context, value, *args, **kwargs)
        return tuple(islice(result, MAX_RANGE)) if isinstance(result, GeneratorType) else result

    return filter_


def default(value: object, default_value: object = "", boolean: bool = False) -> object:
    """`default_value` where the value is undefined or none; with `boolean`, where it is empty or false too."""
    return default_value if value is None or isinstance(value, Undefined) or (boolean and not value) else value


_SAFE = (
    "abs", "capitalize", "count", "first", "float", "last", "length", "lower", "map", "max", "min", "reject", "rejectattr", "reverse",
    "select", "selectattr", "sort", "striptags", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip

_OWN: Mapping[str, Filter] = {
    "date": _date, "time": _time, "datetime": _datetime, "number": _number, "percent": _percent, "money": _money, "list": _list,
    "duration": _duration, "country_name": _country_name, "join": _join, "replace": _replace, "round": _round, "int": _int,
    "batch": _batched("batch"), "slice": _batched("slice"), "e": _escape, "escape": _escape, "tojson": _tojson,
}  # fmt: skip

FILTERS: Mapping[str, Filter] = {
    **{name: _charged(_of_jinja(name)) for name in _SAFE},
    **{name: _charged(function) for name, function in _OWN.items()},
    "default": default,
    "d": default,
}
"""All that templates may use. `safe`, `attr`, `format` and `xmlattr` are not among them: values are always escaped."""
