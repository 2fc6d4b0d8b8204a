"""The machine clock in SQL: the database's own, so that leases and back-off do not hang on any worker's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engage.store.schema.columns import Instant


class MachineNow(FunctionElement[datetime]):
    """The moment at which the statement runs (not at which its transaction began), plus so many seconds."""

    type = Instant()
    inherit_cache = True
    name = "machine_now"

    def __init__(self, seconds: float | sa.ColumnElement[Any] = 0.0) -> None:
        super().__init__(sa.literal(seconds, sa.Float) if isinstance(seconds, int | float) else seconds)


@compiles(MachineNow, "postgresql")
def _postgresql(element: MachineNow, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **kw)}))"


@compiles(MachineNow, "sqlite")
def _sqlite(element: MachineNow, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(strftime('%Y-%m-%dT%H:%M:%f', 'now', format('%+.6f seconds', {seconds})) || '000Z')"
