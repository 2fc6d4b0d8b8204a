"""The database itself, on both kinds: migrations, the secret, the clocks, and what is said when it is not there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from engage.model.errors import NotThereError
from engage.store.database import Database
from engage.store.installation.business_clock import StoredMoment
from engage.store.schema.api import metadata
from engage.store.schema.tables import meta
from engage.store.sql.clock import MachineNow
from tests.builders import NOON
from tests.contract.store_benches import at_once


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        database = Database.open(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        database = Database.open(request.getfixturevalue("postgres_url"))
        with database.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    yield database
    database.close()


def test_migrating_from_nothing_makes_the_tables_as_they_are_declared(empty: Database) -> None:
    empty.migrate()
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_ten_processes_that_start_at_once_migrate_once(empty: Database) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)

    def start(_: int) -> bytes:
        database = Database.open(url)
        database.migrate()
        database.require_migrated()
        secret = database.secret()
        database.close()
        return secret

    assert len(set(at_once(10, start))) == 1
    with empty.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


def test_a_database_that_is_not_migrated_says_what_to_do(empty: Database) -> None:
    with pytest.raises(NotThereError, match="`engage migrate` brings it to this one"):
        empty.require_migrated()


def test_a_database_tells_of_which_version_it_is_and_which_is_needed(empty: Database) -> None:
    before, needed = empty.versions()
    empty.migrate()
    assert (before, empty.versions()) == (None, (needed, needed))


def test_a_database_of_a_newer_version_is_refused(empty: Database) -> None:
    empty.migrate()
    with empty.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for refuse in (empty.migrate, empty.require_migrated, empty.versions):
        with pytest.raises(NotThereError, match="newer version"):
            refuse()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://engage:hunter2@127.0.0.1:1/engage", "sqlite:////proc/nowhere/engage.db", "oracle://engage:hunter2@db/engage",
        "hunter2",
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(url: str) -> None:
    with pytest.raises(NotThereError) as error:
        Database.open(url)
    assert "hunter2" not in str(error.value)


def test_a_file_that_cannot_be_opened_is_not_told_to_be_started() -> None:
    with pytest.raises(NotThereError, match=r"file /proc/nowhere/engage\.db cannot be opened: see that its folder"):
        Database.open("sqlite:////proc/nowhere/engage.db")


def test_a_url_as_hosts_hand_it_out_is_one_of_postgresql() -> None:
    with pytest.raises(NotThereError, match="does not answer; start it"):
        Database.open("postgres://engage@127.0.0.1:1/engage")


def test_a_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engage.db"
    Database.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_machine_clock_goes_on_within_a_transaction_and_adds_seconds(database: Database) -> None:
    with database.begin() as connection:
        first, later = connection.execute(sa.select(database.now, MachineNow(90.5))).one()
        assert timedelta(seconds=90) < later - first < timedelta(seconds=92)
        assert connection.execute(sa.select(database.now)).scalar_one() >= first


def test_concurrent_increments_are_all_kept(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(meta.insert().values(name="counter", value="0"))

    def increment(_: int) -> None:
        for _ in range(5):
            with database.begin() as connection:
                asked = sa.select(meta.c.value).where(meta.c.name == "counter").with_for_update()
                value = int(connection.execute(asked).scalar_one())
                connection.execute(sa.update(meta).where(meta.c.name == "counter").values(value=str(value + 1)))

    at_once(8, increment)
    with database.read() as connection:
        assert connection.scalar(sa.select(meta.c.value).where(meta.c.name == "counter")) == "40"


def test_a_database_in_memory_reads_what_its_open_transaction_has_written() -> None:
    database = Database.open("sqlite://")
    database.migrate()
    with database.begin() as connection:
        connection.execute(meta.insert().values(name="one", value="1"))
        with database.read() as nested:
            assert nested.scalar(sa.select(meta.c.value).where(meta.c.name == "one")) == "1"
    database.close()


def test_the_business_clock_is_kept_and_never_goes_back(database: Database) -> None:
    moment = StoredMoment(database)
    assert moment.get() is None
    moment.set(NOON)
    moment.set(NOON - timedelta(days=1))
    assert moment.get() == NOON
    moment.set(NOON + timedelta(days=1))
    assert StoredMoment(database).get() == NOON + timedelta(days=1)
    moment.remove()
    assert moment.get() is None


def test_a_database_in_memory_takes_back_all_that_a_broken_transaction_wrote() -> None:
    database = Database.open("sqlite://")
    database.migrate()
    renaming = sa.update(meta).where(meta.c.name == "one").values(value=sa.bindparam("now"))
    with database.begin() as connection:
        connection.execute(meta.insert().values(name="one", value="1"))
    for value in ("2", "3", "4"):  # kept ready from the second time on
        with pytest.raises(ZeroDivisionError), database.begin() as connection:  # noqa: PT012  # what stands before it is taken back
            connection.execute(renaming, {"now": value})
            connection.execute(meta.insert().values(name=value, value=value))
            raise ZeroDivisionError
    with database.read() as connection:
        assert [*connection.execute(sa.select(meta.c.name, meta.c.value).where(meta.c.name.in_(["one", "2", "3", "4"])))] == [("one", "1")]
    with database.begin() as connection:
        connection.execute(renaming, {"now": "5"})
    with database.read() as connection:
        assert connection.scalar(sa.select(meta.c.value).where(meta.c.name == "one")) == "5"
    database.close()
