"""What live leases hold, inside a statement: the ids that stand in the rows of `batches`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engage.store.schema.columns import Ids


class Held(FunctionElement[bool]):
    """Whether a lease holds the id. Its list is read once for all rows that are looked at."""

    type = sa.Boolean()
    inherit_cache = True
    name = "held"

    def self_group(self, against: Any = None) -> Held:
        """As it is: SQLite would be given `… = 1`, by which no row is found."""
        return self


@compiles(Held, "postgresql")
def _in_arrays(element: Held, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"({column} IN (SELECT unnest(listing.delivery_ids) FROM batches AS listing))"  # noqa: S608  # compiled SQL alone


@compiles(Held, "sqlite")
def _in_documents(element: Held, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"({column} IN (SELECT value FROM batches AS listing, json_each(listing.delivery_ids)))"  # noqa: S608  # the same


class HowManyHeld(FunctionElement[int]):
    """How many ids leases hold."""

    type = sa.Integer()
    inherit_cache = True
    name = "how_many_held"


@compiles(HowManyHeld, "postgresql")
def _cardinality(element: HowManyHeld, compiler: SQLCompiler, **kw: Any) -> str:
    return "(SELECT coalesce(sum(cardinality(listing.delivery_ids)), 0) FROM batches AS listing)"


@compiles(HowManyHeld, "sqlite")
def _length(element: HowManyHeld, compiler: SQLCompiler, **kw: Any) -> str:
    return "(SELECT coalesce(sum(json_array_length(listing.delivery_ids)), 0) FROM batches AS listing)"


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
