"""PostgreSQL: an event that comes in while a run is only about to wait for it is heard, though it does not wait yet when looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import sqlalchemy as sa

from engage.store.database import Database
from engage.store.planning.transactions import SqlPlanning
from tests.engine import MONDAY, Works
from tests.small import small_workspace

WAITING = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
PATIENCE = 60.0


def somebody_waits(database: Database) -> bool:
    with database.read() as connection:
        return bool(connection.scalar(WAITING))


def test_what_is_told_while_a_run_begins_to_wait_for_it_moves_it_on(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    works = Works(database, small_workspace())
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    telling = Thread(target=lambda: works.happen("csat.answered", "ana", ticket_id="T-1", score=5))
    with SqlPlanning(database, workspace=lambda: works.workspace).transaction() as tx:
        (held,) = tx.due_runs(now=MONDAY + timedelta(days=2), limit=10)
        tx.save_runs([replace(held.run, waiting_for="csat.answered", due_at=MONDAY + timedelta(days=5))])
        telling.start()
        pause, rounds = Event(), int(PATIENCE / 0.01)
        assert any(somebody_waits(database) or pause.wait(0.01) for _ in range(rounds))
    telling.join(PATIENCE)
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT due_at FROM runs")) == MONDAY
    works.close()
    database.close()
