"""What a piece of work costs: CPU time of this process and of PostgreSQL's backends for it, statements, and blocks of the database."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import final

import sqlalchemy as sa

from bench.costs import costs
from engage.store.database import Database

NANOSECONDS = 1e6
"""Of a millisecond."""

BLOCKS = ("blks_hit", "blks_read")


@final
class Meter:
    """Measures work over one database, of which nobody else makes use."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_server = database.dialect == "postgresql"

    def measured(self, work: Callable[[], object], *, each: int) -> Mapping[str, float]:
        """The cost of the work, divided by so many: `cpu_ms`, `statements`, and on PostgreSQL `server_ms` of it and blocks."""
        gc.collect()
        blocks, server = self._blocks(), self._server_ms()
        with costs(self._database.engine) as cost:
            began = time.process_time()
            work()
            took = (time.process_time() - began) * 1000
        found = {"cpu_ms": took, "statements": float(cost.statements)}
        if self._is_server:
            theirs = self._server_ms() - server
            found |= {"cpu_ms": took + theirs, "server_ms": theirs}
            found |= {name: after - before for name, before, after in zip(BLOCKS, blocks, self._blocks(), strict=True)}
        return {name: figure / each for name, figure in found.items()}

    def _server_ms(self) -> float:
        """CPU time of all backends of this database, as the kernel counts it."""
        return sum(int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) for backend in self._backends()) / NANOSECONDS

    def _backends(self) -> list[int]:
        if not self._is_server:
            return []
        asked = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
        with self._database.read() as connection:
            return list(connection.scalars(asked))

    def _blocks(self) -> tuple[int, ...]:
        """Blocks that were found in shared buffers, and that were not, since the server began; each backend tells what it has kept back."""
        if not self._is_server:
            return ()
        with ExitStack() as stack:
            for _ in range(max(1, self._database.engine.pool.checkedin())):  # type: ignore[attr-defined]  # a QueuePool
                connection = stack.enter_context(self._database.engine.connect())
                connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
                connection.commit()
        asked = sa.text(f"SELECT {', '.join(BLOCKS)} FROM pg_stat_database WHERE datname = current_database()")  # noqa: S608  # ours
        with self._database.read() as connection:
            return tuple(connection.execute(asked).one())
