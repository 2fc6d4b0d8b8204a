"""Ids that stand in the lists of some few rows, inside a statement: what live leases hold, which runs have an outcome that nobody read."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engage.store.schema.columns import Ids

_OF_LEASES, _OF_OUTCOMES = ("batches", "delivery_ids"), ("run_outcomes", "run_ids")
"""The tables, and their columns of lists."""


class _Listed(FunctionElement[bool]):
    """Whether the id stands in one of the lists. They are read once for all rows that are looked at."""

    type = sa.Boolean()
    inherit_cache = True
    lists: ClassVar[tuple[str, str]]

    def self_group(self, against: Any = None) -> _Listed:
        """As it is: SQLite would be given `… = 1`, by which no row is found."""
        return self


class Held(_Listed):
    """Whether a lease holds the delivery."""

    inherit_cache = True
    name = "held"
    lists = _OF_LEASES


class Awaited(_Listed):
    """Whether what the run waits for has an outcome that it was not told yet."""

    inherit_cache = True
    name = "awaited"
    lists = _OF_OUTCOMES


@compiles(_Listed, "postgresql")
def _in_arrays(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    (table, ids), column = element.lists, compiler.process(element.clauses, **kw)
    return f"({column} IN (SELECT unnest(listing.{ids}) FROM {table} AS listing))"  # noqa: S608  # our own names and compiled SQL alone


@compiles(_Listed, "sqlite")
def _in_documents(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    (table, ids), column = element.lists, compiler.process(element.clauses, **kw)
    return f"({column} IN (SELECT value FROM {table} AS listing, json_each(listing.{ids})))"  # noqa: S608  # the same


class _HowMany(FunctionElement[int]):
    """How many ids stand in the lists."""

    type = sa.Integer()
    inherit_cache = True
    lists: ClassVar[tuple[str, str]]


class HowManyHeld(_HowMany):
    """How many deliveries leases hold."""

    inherit_cache = True
    name = "how_many_held"
    lists = _OF_LEASES


class HowManyAwaited(_HowMany):
    """How many runs have an outcome that they were not told yet."""

    inherit_cache = True
    name = "how_many_awaited"
    lists = _OF_OUTCOMES


@compiles(_HowMany, "postgresql")
def _cardinality(element: _HowMany, compiler: SQLCompiler, **kw: Any) -> str:
    table, ids = element.lists
    return f"(SELECT coalesce(sum(cardinality(listing.{ids})), 0) FROM {table} AS listing)"  # noqa: S608  # the same


@compiles(_HowMany, "sqlite")
def _length(element: _HowMany, compiler: SQLCompiler, **kw: Any) -> str:
    table, ids = element.lists
    return f"(SELECT coalesce(sum(json_array_length(listing.{ids})), 0) FROM {table} AS listing)"  # noqa: S608  # the same


class Collected(FunctionElement[Any]):
    """Ids of many rows as one list."""

    type = Ids
    inherit_cache = True
    name = "collected"


@compiles(Collected, "postgresql")
def _as_array(element: Collected, compiler: SQLCompiler, **kw: Any) -> str:
    return f"array_agg({compiler.process(element.clauses, **kw)})"


@compiles(Collected, "sqlite")
def _as_document(element: Collected, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"
