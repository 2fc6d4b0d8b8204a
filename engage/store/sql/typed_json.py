"""Values of declared kinds in SQL, with one meaning on SQLite and PostgreSQL: read out of JSON, written as literals, put in order.

A number is an SQLite number or a PostgreSQL `numeric`, a date its ISO text (which sorts as it should, and cannot fail to be cast),
a date-time an `Instant`, a list JSON, money its two parts. What is not of its kind is NULL, as `engage.model.values.from_json` has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engage.model.contact import AttributeKind, Value
from engage.store.schema.columns import Instant

Sql = sa.ColumnElement[Any]

_DATE = (
    r"(?!0000)(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    r"|(\d{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
IS_DATE = f"^{_DATE}$"
IS_INSTANT = rf"^{_DATE}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{{6}}Z$"
DATE_SHAPE = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
INSTANT_SHAPE = f"{DATE_SHAPE}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].{'[0-9]' * 6}Z"
IS_AMOUNT = r"^-?[0-9]+(\.[0-9]+)?$"
IS_CURRENCY = "^[A-Za-z]{3}$"
CURRENCY_SHAPE = "[A-Za-z]" * 3

TYPES: Mapping[AttributeKind, sa.types.TypeEngine[Any]] = {
    AttributeKind.TEXT: sa.String(), AttributeKind.NUMBER: sa.Numeric(asdecimal=False), AttributeKind.BOOLEAN: sa.Boolean(),
    AttributeKind.DATE: sa.String(), AttributeKind.DATETIME: Instant(), AttributeKind.LIST: sa.JSON(),
}
"""What each kind is in SQL; money is none of them, it has two parts."""


class ByDialect(FunctionElement[Any]):
    """One meaning, said in each database's own words."""

    name = "by_dialect"
    inherit_cache = True

    def __init__(self, *, sqlite: Sql, postgresql: Sql, kind: AttributeKind) -> None:
        super().__init__(sqlite, postgresql)
        self.type = TYPES[kind]


@compiles(ByDialect, "sqlite")
def _for_sqlite(element: ByDialect, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(next(iter(element.clauses)), **options)})"


@compiles(ByDialect, "postgresql")
def _for_postgresql(element: ByDialect, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(list(element.clauses)[1], **options)})"


class Lowered(FunctionElement[Any]):
    """A text in lower case, letter by letter, as `engage.rules.expressions.functions.lower` has it."""

    name = "lowered"
    inherit_cache = True
    type = sa.String()


@compiles(Lowered, "sqlite")
def _lower_in_sqlite(element: Lowered, compiler: SQLCompiler, **options: Any) -> str:
    return f"py_lower({compiler.process(element.clauses, **options)})"


@compiles(Lowered, "postgresql")
def _lower_in_postgresql(element: Lowered, compiler: SQLCompiler, **options: Any) -> str:
    version = compiler.dialect.server_version_info or (17,)
    collation = "pg_c_utf8" if version >= (17,) else "C.utf8"  # the built-in one came with 17; before it, that of the C library
    return f'(lower(({compiler.process(element.clauses, **options)}) COLLATE "{collation}") COLLATE "C")'


def literal(value: Value, kind: AttributeKind | None) -> Sql:
    """The value as a parameter; NULL where it is missing."""
    if value is None or kind is None:
        return sa.null()
    if kind is AttributeKind.NUMBER:
        number = cast(int | float, value)
        return ByDialect(sqlite=sa.literal(number), postgresql=sa.literal(Decimal(repr(number)), sa.Numeric()), kind=kind)
    if isinstance(value, date) and not isinstance(value, datetime):
        return sa.literal(value.isoformat(), sa.String())
    return sa.literal(value, TYPES[kind])


def in_order(text: Sql) -> Sql:
    """The text as it is compared by `<`: by code point, as Python does, whatever the database's collation."""
    return ByDialect(sqlite=text, postgresql=sa.collate(text, "C"), kind=AttributeKind.TEXT)


def read(document: Sql, path: tuple[str, ...], kind: AttributeKind) -> Sql:
    """What stands in a JSON document under the path, where it is of the kind; money's parts are read by `amount` and `currency`."""
    return ByDialect(sqlite=_read_sqlite(document, path, kind), postgresql=_read_postgresql(document, path, kind), kind=kind)


def whole_list(column: Sql) -> Sql:
    """A JSON column that holds a list; NULL where it holds something else."""
    return ByDialect(
        sqlite=sa.case((sa.func.json_type(column) == "array", column)),
        postgresql=sa.case((sa.func.jsonb_typeof(column) == "array", column)), kind=AttributeKind.LIST,
    )


def amount(document: Sql, path: tuple[str, ...]) -> Sql:
    """The amount of money that stands under the path, as a number."""
    text = sa.func.json_extract(document, _json_path((*path, "amount")), type_=sa.String)
    whole = sa.func.jsonb_extract_path_text(document, *path, "amount", type_=sa.String)
    return ByDialect(
        sqlite=sa.case((_is_money_sqlite(document, path), sa.cast(text, sa.Float))),
        postgresql=sa.case((_is_money_postgresql(document, path), sa.cast(whole, sa.Numeric))), kind=AttributeKind.NUMBER,
    )


def currency(document: Sql, path: tuple[str, ...]) -> Sql:
    """The currency of the money that stands under the path."""
    text = sa.func.json_extract(document, _json_path((*path, "currency")))
    whole = sa.func.jsonb_extract_path_text(document, *path, "currency")
    return ByDialect(
        sqlite=sa.case((_is_money_sqlite(document, path), sa.func.upper(text))),
        postgresql=sa.case((_is_money_postgresql(document, path), sa.func.upper(whole))), kind=AttributeKind.TEXT,
    )


def _json_path(path: tuple[str, ...]) -> str:
    if any('"' in step or "\\" in step for step in path):
        raise ValueError("a name with a quote or a backslash in it cannot be read in SQL")
    return "$" + "".join(f'."{step}"' for step in path)


def _is_money_sqlite(document: Sql, path: tuple[str, ...]) -> sa.ColumnElement[bool]:
    parts = {part: _json_path((*path, part)) for part in ("amount", "currency")}
    type_, text = (read(document, parts["amount"], type_=sa.String) for read in (sa.func.json_type, sa.func.json_extract))
    unit = sa.func.json_extract(document, parts["currency"], type_=sa.String)
    return sa.and_(sa.or_(type_.in_(("integer", "real")), sa.and_(type_ == "text", _is_amount(text))), _like(unit, CURRENCY_SHAPE))


def _is_amount(text: Sql) -> sa.ColumnElement[bool]:
    """What IS_AMOUNT says, without regular expressions: one point at most, within the digits, and a minus in front alone."""
    begins = sa.or_(_like(text, "[0-9]*"), _like(text, "-[0-9]*"))
    strange = sa.or_(_like(text, "*[^0-9.-]*"), _like(text, "?*-*"), _like(text, "*.*.*"))
    return sa.and_(begins, _like(text, "*[0-9]"), sa.not_(strange))


def _like(text: Sql, shape: str) -> sa.ColumnElement[bool]:
    return text.op("GLOB", is_comparison=True)(shape)


def _is_money_postgresql(document: Sql, path: tuple[str, ...]) -> sa.ColumnElement[bool]:
    text, unit = (sa.func.jsonb_extract_path_text(document, *path, part) for part in ("amount", "currency"))
    return sa.and_(text.op("~", is_comparison=True)(IS_AMOUNT), unit.op("~", is_comparison=True)(IS_CURRENCY))


def _read_sqlite(document: Sql, path: tuple[str, ...], kind: AttributeKind) -> Sql:
    where = _json_path(path)
    found, type_ = sa.func.json_extract(document, where, type_=sa.String), sa.func.json_type(document, where)
    is_text = type_ == "text"
    conditions: Mapping[AttributeKind, sa.ColumnElement[bool]] = {
        AttributeKind.TEXT: is_text,
        AttributeKind.NUMBER: type_.in_(("integer", "real")),
        AttributeKind.BOOLEAN: type_.in_(("true", "false")),
        AttributeKind.LIST: type_ == "array",
        AttributeKind.DATE: sa.and_(is_text, _like(found, DATE_SHAPE), _is_real(found, "%Y-%m-%d")),
        AttributeKind.DATETIME: sa.and_(
            is_text, _like(found, INSTANT_SHAPE), sa.func.substr(found, 12, 2, type_=sa.String) < "24",
            _is_real(sa.func.substr(found, 1, 19, type_=sa.String), "%Y-%m-%dT%H:%M:%S"),
        ),
    }
    return sa.case((conditions[kind], found))


def _is_real(text: Sql, written: str) -> sa.ColumnElement[bool]:
    """Whether the date is one: SQLite takes 30 February for 2 March once it computes with it. Python knows no year 0."""
    return sa.and_(sa.func.strftime(written, text, "+0 days") == text, text >= "0001")


def _read_postgresql(document: Sql, path: tuple[str, ...], kind: AttributeKind) -> Sql:
    found: Sql = sa.func.jsonb_extract_path(document, *path, type_=JSONB)
    text: Sql = sa.func.jsonb_extract_path_text(document, *path, type_=sa.String)
    type_ = sa.func.jsonb_typeof(found)
    is_text = type_ == "string"
    match kind:
        case AttributeKind.NUMBER:
            return sa.case((type_ == "number", sa.cast(text, sa.Numeric)))
        case AttributeKind.BOOLEAN:
            return sa.case((type_ == "boolean", sa.cast(text, sa.Boolean)))
        case AttributeKind.LIST:
            return sa.case((type_ == "array", found))
        case AttributeKind.DATE:
            return sa.case((sa.and_(is_text, text.op("~", is_comparison=True)(IS_DATE)), text))
        case AttributeKind.DATETIME:
            return sa.case((sa.and_(is_text, text.op("~", is_comparison=True)(IS_INSTANT)), sa.cast(text, sa.TIMESTAMP(timezone=True))))
        case _:
            return sa.case((is_text, text))
