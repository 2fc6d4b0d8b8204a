"""An upgrade: the tables get more columns and indexes while processes of the version before work on over the same connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.model.errors import NotThereError
from engage.store.database import Database
from engage.store.migrating import REST_SECONDS, TRIES, change_patiently
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


@pytest.fixture
def busy(postgres_url: str) -> Iterator[Database]:
    """One of whose tables a transaction reads, and does not end."""
    database = Database.open(postgres_url)
    with database.engine.connect() as reader, reader.begin():
        reader.exec_driver_sql("SELECT count(*) FROM touches")
        yield database
    database.close()


def expand_touches(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE contacts ADD COLUMN newer INTEGER NOT NULL DEFAULT 7")
    connection.exec_driver_sql("ALTER TABLE touches ADD COLUMN newer INTEGER NOT NULL DEFAULT 7")


def columns(database: Database, table: str) -> set[str]:
    with database.read() as connection:
        return {column["name"] for column in sa.inspect(connection).get_columns(table)}


def test_a_change_that_cannot_have_its_table_lets_the_others_go_first_and_tries_again(postgres_url: str) -> None:
    database, rests = Database.open(postgres_url), list[float]()
    with database.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM touches")

        def rest(seconds: float) -> None:
            rests.append(seconds)
            with database.begin() as other:  # who would have waited behind the change, for this table or the one that it had already
                other.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
                other.exec_driver_sql("SELECT count(*) FROM touches, contacts")
            reader.rollback()

        change_patiently(database.begin, expand_touches, rest=rest)
    assert rests == [REST_SECONDS]
    assert "newer" in columns(database, "touches")
    database.close()


def test_a_change_whose_table_is_held_all_the_time_gives_up_and_says_by_whom(busy: Database) -> None:
    rests: list[float] = []
    with pytest.raises(NotThereError, match=r"oldest is of engage, process \d+\).*nothing was changed.*`engage migrate`"):
        change_patiently(busy.begin, expand_touches, rest=rests.append, within=0.01)
    assert len(rests) == TRIES - 1
    assert "newer" not in columns(busy, "contacts") | columns(busy, "touches")
