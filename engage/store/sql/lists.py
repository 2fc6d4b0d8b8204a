"""Lists as one parameter of a statement, however long they are: an array on PostgreSQL, JSON on SQLite.

SQLAlchemy's own `IN` writes a statement with as many parameters as there are values, anew for every length.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType


class _Listed(UserDefinedType[Any]):
    """The values as text: PostgreSQL's array literal, or JSON.

    No type is said of the parameter itself: an array that PostgreSQL has to make of a text is made anew for every row that is looked at.
    """

    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], str | None]:
        return _as_json if dialect.name == "sqlite" else _as_array


def _as_json(values: Iterable[int | str] | None) -> str | None:
    return None if values is None else json.dumps(list(values))


def _as_array(values: Iterable[int | str] | None) -> str | None:
    if values is None:
        return None
    texts = [str(each) if isinstance(each, int) else each for each in values]
    joined = '","'.join(texts)
    if joined.count('"') == 2 * len(texts) - 2 and "\\" not in joined and texts:  # none that would have to be escaped
        return f'{{"{joined}"}}'
    return "{" + ",".join(map(quoted, texts)) + "}"


class _Among(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> _Among:
        """As it is: SQLite would be given `… = 1`, by which no index is found."""
        return self


class _AmongIds(_Among):
    inherit_cache = True


def among(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether the column, of ids or of text, is one of the values in the parameter of that name."""
    kind = _AmongIds if isinstance(column.type, sa.Integer | sa.BigInteger) else _Among
    return kind(column, sa.bindparam(name, type_=_Listed()))


def listed(name: str) -> sa.FromClause:
    """The texts in the parameter of that name as a table of one column, `value`.

    To join it is a probe of an index for each; to a long list in a condition PostgreSQL may hold every row of a table, one by one.
    """
    return _Unfolded(sa.bindparam(name, type_=_Listed())).table_valued(sa.column("value", sa.Text), name=f"given_{name}")


def listed_ids(name: str) -> sa.FromClause:
    """The same of ids."""
    return _UnfoldedIds(sa.bindparam(name, type_=_Listed())).table_valued(sa.column("value", sa.BigInteger), name=f"given_{name}")


class _Unfolded(FunctionElement[Any]):
    inherit_cache = True
    name = "unfolded"


class _UnfoldedIds(_Unfolded):
    inherit_cache = True


@compiles(_Unfolded, "postgresql")
def _unnested(element: _Unfolded, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(SELECT unnest(CAST({compiler.process(element.clauses, **kw)} AS TEXT[])) AS value)"  # compiled SQL alone


@compiles(_UnfoldedIds, "postgresql")
def _unnested_ids(element: _UnfoldedIds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(SELECT unnest(CAST({compiler.process(element.clauses, **kw)} AS BIGINT[])) AS value)"  # the same


@compiles(_Unfolded, "sqlite")
@compiles(_UnfoldedIds, "sqlite")
def _each(element: _Unfolded, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


def quoted(text: str) -> str:
    """A text as an element of PostgreSQL's array literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@compiles(_Among, "postgresql")
def _texts(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    return _postgresql(element, compiler, "TEXT", **kw)


@compiles(_AmongIds, "postgresql")
def _ids(element: _AmongIds, compiler: SQLCompiler, **kw: Any) -> str:
    return _postgresql(element, compiler, "BIGINT", **kw)


def _postgresql(element: _Among, compiler: SQLCompiler, kind: str, **kw: Any) -> str:
    column, given = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} = ANY (CAST({given} AS {kind}[])))"


@compiles(_Among, "sqlite")
@compiles(_AmongIds, "sqlite")
def _sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, given = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({given})))"  # noqa: S608  # compiled SQL alone
