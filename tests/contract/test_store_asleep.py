"""PostgreSQL: a process that falls asleep in the midst of a transaction keeps its locks from the others for a while, and no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engage.store.database import AWAY, Database
from engage.store.delivery.leases import hold
from engage.store.engines import ASLEEP_SECONDS, LOOK_SECONDS
from engage.store.schema.tables import meta
from tests.builders import NOON
from tests.contract.store_benches import Bench

ASLEEP = "SHOW idle_in_transaction_session_timeout"
WATCHED = "SHOW client_connection_check_interval"


@pytest.fixture
def waking(postgres_url: str) -> Iterator[Database]:
    """One whose URL says how long a process may be asleep: not at all, nearly."""
    url = sa.make_url(postgres_url).update_query_dict({"options": "-c idle_in_transaction_session_timeout=50", "application_name": "mine"})
    database = Database.open(url.render_as_string(hide_password=False))
    with database.begin() as connection:
        connection.execute(meta.insert().values(name="counter", value="0"))
    yield database
    database.close()


def test_the_locks_of_one_who_fell_asleep_are_free_and_what_it_wrote_is_not_there(waking: Database) -> None:
    mine = meta.c.name == "counter"
    sleeper = waking.engine.connect()
    sleeper.execute(sa.update(meta).where(mine).values(value="1"))
    with waking.begin() as connection:  # waits for the lock, and for nothing else
        assert connection.execute(sa.select(meta.c.value).where(mine).with_for_update()).scalar_one() == "0"
    with pytest.raises(AWAY):
        sleeper.commit()
    sleeper.invalidate()


def test_a_lease_that_somebody_has_locked_keeps_nobody_from_ending_the_others(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    bench = Bench(database=database)
    bench.add_deliveries(2)
    locked, free = bench.claimed(limit=1, owner="dead"), bench.claimed(limit=1, owner="dead")
    with database.begin() as connection:
        hold(connection, locked)
        bench.deliveries.end_leases(["dead"])
        assert bench.deliveries.sweep(now=NOON) == len(free.delivery_ids)
    bench.deliveries.end_leases(["dead"])
    assert bench.deliveries.sweep(now=NOON) == len(locked.delivery_ids)
    database.close()


def test_a_connection_may_be_asleep_for_half_a_lease_and_a_slow_reader_for_ever(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    with database.read_slowly() as connection:
        assert connection.exec_driver_sql(ASLEEP).scalar_one() == "0"
    with database.read() as connection:
        assert connection.exec_driver_sql(ASLEEP).scalar_one() == f"{ASLEEP_SECONDS}s"
        assert connection.exec_driver_sql(WATCHED).scalar_one() == f"{LOOK_SECONDS}s"
        assert connection.exec_driver_sql("SHOW timezone").scalar_one() == "UTC"
    database.close()


def test_what_the_url_says_of_a_connection_stands(waking: Database) -> None:
    with waking.read() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "mine"
        assert connection.exec_driver_sql("SHOW timezone").scalar_one() == "UTC"
