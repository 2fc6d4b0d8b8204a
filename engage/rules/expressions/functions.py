"""Jinja's filters and tests that are safe, with what they take and give: the table, and each one's meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import final

from engage.model.contact import AttributeKind, Value
from engage.rules.expressions.meaning import equal, ordered, text_of

MAX_TEXT = 64 * 1024
"""A filter that makes a longer text gives None: no chain of `replace` may fill the memory."""

MAX_DIGITS = 30

BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What `trim` takes off, the same in SQL."""

ANY = frozenset(AttributeKind)
TEXT = frozenset({AttributeKind.TEXT})
NUMBER = frozenset({AttributeKind.NUMBER})
LIST = frozenset({AttributeKind.LIST})
TEXT_OR_NUMBER = TEXT | NUMBER
TEXT_OR_LIST = TEXT | LIST


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One filter or test. `takes`: kinds of the operand. `gives` None: the operand's own kind. `arguments`: how many, by kind.

    `of_list` is what it gives for a list that is missing. `of_items`: it gives an item, of whatever kind where the list's shape is
    not known. `in_sql`: the store can say it, with the same meaning.
    """

    run: Callable[..., object]
    takes: frozenset[AttributeKind] = ANY
    gives: AttributeKind | None = None
    arguments: tuple[frozenset[AttributeKind], ...] = ()
    names: tuple[str, ...] = ()
    required: int = 0
    in_sql: bool = False
    of_list: Value = None
    of_items: bool = False


def lower(text: str) -> str:
    """Each letter's simple lower case, as PostgreSQL has it: `str.lower` would make two letters of one, and look at neighbours."""
    return "".join(low if len(low := letter.lower()) == 1 else "i" for letter in text)


def trim(text: str) -> str:
    """Without the blanks around it."""
    return text.strip(BLANKS)


def _to_int(value: object, otherwise: object = 0) -> object:
    try:
        number = Decimal(str(value).strip())
        return int(number) if number.adjusted() < MAX_DIGITS else otherwise
    except (InvalidOperation, ValueError, OverflowError):
        return otherwise


def _to_float(value: object, otherwise: object = 0.0) -> object:
    try:
        return float(value if isinstance(value, int | float | Decimal) else str(value).strip())
    except (ValueError, OverflowError):
        return otherwise


def _round(value: int | float | Decimal, places: object = 0) -> object:
    """Halves go away from zero, as people round."""
    if not isinstance(places, int) or not -15 <= places <= 15:
        return None
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(rounded) if places <= 0 else float(rounded)


def _join(items: tuple[object, ...], between: str = "") -> object:
    return _bounded(between.join(text_of(item) or "" for item in items))


def _replace(text: str, old: str, new: str) -> object:
    if not old or len(text) + text.count(old) * len(new) > MAX_TEXT:
        return None
    return text.replace(old, new)


def _bounded(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None


def _unique(items: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(dict.fromkeys(items))


def _sort(items: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(sorted(items, key=str))


def _least(items: tuple[object, ...]) -> object:
    return items[0] if len(items) == 1 else next((one for one in items if all(ordered(one, other) in (-1, 0) for other in items)), None)


def _greatest(items: tuple[object, ...]) -> object:
    return items[0] if len(items) == 1 else next((one for one in items if all(ordered(one, other) in (0, 1) for other in items)), None)


def _truncate(text: str, length: object = 255, killwords: object = False, end: object = "...") -> object:
    """As Jinja has it without leeway: cut at the length, the end's own included, after a whole word unless words may be cut."""
    if not isinstance(length, int) or not isinstance(end, str) or length < len(end):
        return None
    if len(text) <= length:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords is True else cut.rsplit(" ", 1)[0]) + end


def _is_of(*types: type) -> Callable[[object], bool]:
    return lambda value: type(value) in types


def _divisible(value: object, by: object) -> bool:
    return isinstance(value, int) and isinstance(by, int) and by != 0 and value % by == 0


FILTERS: Mapping[str, Function] = {
    "default": Function(
        run=lambda value: value, arguments=(ANY, frozenset({AttributeKind.BOOLEAN})), names=("default_value", "boolean"),
        required=1, in_sql=True,
    ),
    "lower": Function(run=lower, takes=TEXT, gives=AttributeKind.TEXT, in_sql=True),
    "upper": Function(run=str.upper, takes=TEXT, gives=AttributeKind.TEXT),
    "capitalize": Function(run=str.capitalize, takes=TEXT, gives=AttributeKind.TEXT),
    "title": Function(run=str.title, takes=TEXT, gives=AttributeKind.TEXT),
    "trim": Function(run=trim, takes=TEXT, gives=AttributeKind.TEXT, in_sql=True),
    "length": Function(run=len, takes=TEXT_OR_LIST, gives=AttributeKind.NUMBER, in_sql=True, of_list=0),
    "int": Function(run=_to_int, takes=TEXT_OR_NUMBER, gives=AttributeKind.NUMBER, arguments=(NUMBER,), names=("default",)),
    "float": Function(run=_to_float, takes=TEXT_OR_NUMBER, gives=AttributeKind.NUMBER, arguments=(NUMBER,), names=("default",)),
    "string": Function(run=text_of, gives=AttributeKind.TEXT),
    "round": Function(run=_round, takes=NUMBER, gives=AttributeKind.NUMBER, arguments=(NUMBER,), names=("precision",)),
    "abs": Function(run=abs, takes=NUMBER, gives=AttributeKind.NUMBER, in_sql=True),
    "replace": Function(
        run=_replace, takes=TEXT, gives=AttributeKind.TEXT, arguments=(TEXT, TEXT), names=("old", "new"), required=2
    ),
    "first": Function(run=lambda items: items[0] if items else None, takes=LIST, gives=AttributeKind.TEXT, of_items=True, in_sql=True),
    "last": Function(run=lambda items: items[-1] if items else None, takes=LIST, gives=AttributeKind.TEXT, of_items=True, in_sql=True),
    "min": Function(run=_least, takes=LIST, gives=AttributeKind.TEXT, of_items=True),
    "max": Function(run=_greatest, takes=LIST, gives=AttributeKind.TEXT, of_items=True),
    "list": Function(run=tuple, takes=LIST, gives=AttributeKind.LIST, of_list=()),
    "wordcount": Function(run=lambda text: len(text.split()), takes=TEXT, gives=AttributeKind.NUMBER),
    "truncate": Function(
        run=_truncate, takes=TEXT, gives=AttributeKind.TEXT, arguments=(NUMBER, frozenset({AttributeKind.BOOLEAN}), TEXT),
        names=("length", "killwords", "end"),
    ),
    "join": Function(run=_join, takes=LIST, gives=AttributeKind.TEXT, arguments=(TEXT,), names=("d",), of_list=""),
    "sort": Function(run=_sort, takes=LIST, gives=AttributeKind.LIST, of_list=()),
    "unique": Function(run=_unique, takes=LIST, gives=AttributeKind.LIST, of_list=()),
    "reverse": Function(run=lambda items: items[::-1], takes=LIST, gives=AttributeKind.LIST, of_list=()),
}
"""By name; `default` has its own meaning, as it alone looks at what is missing."""

SYNONYMS = {"d": "default", "count": "length"}

TESTS: Mapping[str, Function] = {
    "odd": Function(run=lambda value: value % 2 == 1, takes=NUMBER, gives=AttributeKind.BOOLEAN),
    "even": Function(run=lambda value: value % 2 == 0, takes=NUMBER, gives=AttributeKind.BOOLEAN),
    "divisibleby": Function(
        run=_divisible, takes=NUMBER, gives=AttributeKind.BOOLEAN, arguments=(NUMBER,), names=("num",), required=1
    ),
    "string": Function(run=_is_of(str), gives=AttributeKind.BOOLEAN),
    "number": Function(run=_is_of(int, float, Decimal), gives=AttributeKind.BOOLEAN),
    "integer": Function(run=_is_of(int), gives=AttributeKind.BOOLEAN),
    "float": Function(run=_is_of(float, Decimal), gives=AttributeKind.BOOLEAN),
    "boolean": Function(run=_is_of(bool), gives=AttributeKind.BOOLEAN),
    "sequence": Function(run=_is_of(tuple, str), gives=AttributeKind.BOOLEAN),
    "lower": Function(run=str.islower, takes=TEXT, gives=AttributeKind.BOOLEAN),
    "upper": Function(run=str.isupper, takes=TEXT, gives=AttributeKind.BOOLEAN),
    "true": Function(run=lambda value: equal(value, True), takes=ANY, gives=AttributeKind.BOOLEAN, in_sql=True),
    "false": Function(run=lambda value: equal(value, False), takes=ANY, gives=AttributeKind.BOOLEAN, in_sql=True),
}
"""Beside those that are operators here: `none`, `defined`, `undefined`, `in`, `eq`, `lt` and their kin."""
