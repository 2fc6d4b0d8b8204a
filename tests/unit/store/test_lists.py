"""Lists as one parameter: whoever is in them is found by an index, on SQLite too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engage.store.database import Database
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.tables import deliveries, runs, touches
from engage.store.sql.lists import among

ASKED: dict[str, Any] = {
    "one list": sa.select(suppressions.c.reason).where(among(suppressions.c.address_key, "keys")),
    "and more": sa.select(touches.c.id).where(among(touches.c.contact_id, "ids"), touches.c.at >= sa.bindparam("since")),
    "one of two": sa.select(consents.c.id).where(
        sa.or_(among(consents.c.contact_id, "ids"), sa.and_(among(consents.c.address_key, "keys"), ~consents.c.granted)),
    ),
    "an update": sa.update(deliveries).where(among(deliveries.c.id, "ids")).values(batch_id=sa.bindparam("batch")),
    "an update of some": sa.update(runs).where(among(runs.c.id, "ids"), runs.c.state == "active").values(outcome="sent"),
}


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database.open("sqlite://")
    database.migrate()
    yield database
    database.close()


@pytest.mark.parametrize("name", ASKED)
def test_a_list_is_looked_up_by_an_index_and_no_table_is_read_from_end_to_end(name: str, database: Database) -> None:
    text = str(ASKED[name].compile(dialect=database.engine.dialect))
    with database.read() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?")).scalars(3).all()
    assert any(step.startswith("SEARCH") for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and "json_each" not in step] == []
