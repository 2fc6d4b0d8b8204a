"""The planning port on SQL: transactions in which entries, runs and events are read and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.model.run import RunState
from engage.planning.due import Due
from engage.planning.ports import Transaction
from engage.store.database import Database
from engage.store.delivery.calls import SqlCallRequests
from engage.store.delivery.queues import earliest_delivery
from engage.store.planning.due import due
from engage.store.planning.ends import SqlEnds
from engage.store.planning.enrolling import SqlEnrolments
from engage.store.planning.entries import SqlEntries
from engage.store.planning.pending import SqlPending
from engage.store.planning.progress import SqlProgressing
from engage.store.planning.runs import SqlRuns
from engage.store.planning.segments import SqlSegments
from engage.store.rows.rows import earliest
from engage.store.schema.tables import runs
from engage.store.schema.traffic import run_outcomes
from engage.store.session import WorkspaceNow


@final
class SqlTransaction(SqlEntries, SqlSegments, SqlEnrolments, SqlRuns, SqlEnds, SqlProgressing, SqlCallRequests, SqlPending):
    """All of them, in one transaction."""


@final
class SqlPlanning:
    """Where planning writes."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            yield SqlTransaction(connection, workspace=self._workspace, secret=secret)

    def next_due(self, *, after: datetime) -> datetime | None:
        """The next business moment at which a run or a waiting delivery is due, `after` or earlier ones included."""
        with self._database.read() as connection:
            return earliest([connection.scalar(_EARLIEST_RUN), connection.scalar(_EARLIEST_OUTCOME), earliest_delivery(connection)])

    def due(self, *, now: datetime) -> Due:
        """What is due at this moment."""
        with self._database.read() as connection:
            return due(connection, now=now)


_EARLIEST_OUTCOME = sa.select(sa.func.min(run_outcomes.c.at))
_EARLIEST_RUN = sa.select(sa.func.min(runs.c.due_at)).where(runs.c.due_at.is_not(None), runs.c.state == RunState.ACTIVE.value)
