"""The history by months on PostgreSQL, as docs/scaling.md has it: its statements are run here, and everything goes on over them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from engage.history.timeline import Filter
from engage.store.database import Database
from tests.engine import Works
from tests.small import small_workspace

GUIDE = Path(__file__).parents[2] / "docs" / "scaling.md"
DECEMBER, JANUARY = datetime(2026, 12, 7, 12, tzinfo=UTC), datetime(2027, 1, 4, 12, tzinfo=UTC)


def statements() -> list[list[str]]:
    """The three blocks of the guide: beforehand, the change itself, and how a month goes."""
    chapter = GUIDE.read_text().partition("### The history by months")[2].partition("\n## ")[0]
    return [[each.strip() for each in block.split(";") if each.strip()] for block in re.findall(r"```sql\n(.*?)```", chapter, re.DOTALL)]


def run(database: Database, block: list[str]) -> None:
    with database.begin() as connection:
        for statement in block:
            connection.exec_driver_sql(statement)


def counted(database: Database) -> dict[str, int]:
    with database.read() as connection:
        asked = sa.text("SELECT CAST(CAST(tableoid AS regclass) AS text), count(*) FROM touches GROUP BY 1")
        return {row[0]: row[1] for row in connection.execute(asked)}


def test_the_history_goes_on_by_months_and_a_month_goes_with_its_texts(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    works = Works(database, small_workspace(), at=DECEMBER)
    works.know("ana", "bor")
    beforehand, change, month = statements()
    for moment, label in ((DECEMBER, "ana"), (JANUARY, "bor")):
        works.clock.move(moment)
        works.happen("ticket.closed", label, ticket_id=label)
        works.play(moment + timedelta(days=2))
        if moment is DECEMBER:
            run(database, beforehand)
            run(database, change)
    assert works.sent() == ["ana@example.com", "bor@example.com"]
    parts = counted(database)
    assert parts["touches_2027_01"]
    assert "touches_other" not in parts
    run(database, month)
    assert counted(database) == {"touches_before": parts["touches_before"]}
    assert works.history.timeline(Filter(contact_id=1))
    with database.read() as connection:
        assert not connection.scalar(sa.text("SELECT count(*) FROM touch_details WHERE touch_id NOT IN (SELECT id FROM touches)"))
    database.require_migrated()
    works.close()
    database.close()
