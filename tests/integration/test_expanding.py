"""An upgrade: the tables get more columns and indexes while processes of the version before work on over the same connections."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.store.database import Database
from tests.engine import Works
from tests.small import small_workspace

HOT = ("contacts", "events", "runs", "deliveries", "batches", "touches")
PREPARED_AFTER = 6
"""So often psycopg runs a statement before it keeps it prepared, as each worker has all of its own."""


@pytest.fixture
def works(database: Database) -> Works:
    works = Works(database, small_workspace())
    works.know("ana")
    return works


def expand(database: Database) -> None:
    with database.begin() as connection:
        for table in HOT:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN newer INTEGER NOT NULL DEFAULT 7")
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN newest VARCHAR")
            connection.exec_driver_sql(f"CREATE INDEX ix_{table}_newer ON {table} (newer)")


def contract(database: Database) -> None:
    with database.begin() as connection:
        for table in HOT:
            connection.exec_driver_sql(f"DROP INDEX ix_{table}_newer")
            for column in ("newer", "newest"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")


def test_who_works_already_goes_on_while_tables_are_expanded_and_contracted(works: Works) -> None:
    tickets = iter(range(100))

    def rounds() -> int:
        before = len(works.sent())
        for number in (next(tickets) for _ in range(PREPARED_AFTER)):
            works.happen("ticket.closed", "ana", ticket_id=f"T-{number}")
            works.play(works.clock.now() + timedelta(days=2))
        return len(works.sent()) - before

    assert [rounds(), expand(works.database), rounds(), contract(works.database), rounds()] == [
        PREPARED_AFTER, None, PREPARED_AFTER, None, PREPARED_AFTER
    ]
    works.close()
