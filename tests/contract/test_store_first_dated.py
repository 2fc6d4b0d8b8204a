"""Where the next date is, on both databases: a clock that jumps stops only where somebody's date is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engage.planning.slots import DateMatch, Residence, Slot
from engage.store.database import Database
from tests.contract.store_benches import Bench

NINE, HOUR = datetime(2026, 2, 25, 8, tzinfo=UTC), timedelta(hours=1)


def a_slot(at: datetime, day: date, *, zone: str = "Europe/Ljubljana", year: int | None = None) -> Slot:
    match = DateMatch(attribute="birth_date", day=day.day, month=day.month, year=year, base_year=2026, min_years=0)
    return Slot(at=at, key=f"birth_date:{at:%Y-%m-%d}", trigger={}, residence=Residence(zone_key=zone), match=match)


@pytest.mark.parametrize(("slots", "first"), [
    ([a_slot(NINE, date(1990, 5, 4)), a_slot(NINE + timedelta(days=1), date(1990, 5, 5))], NINE + timedelta(days=1)),
    ([a_slot(NINE + HOUR, date(1990, 5, 5)), a_slot(NINE, date(1990, 5, 5))], NINE),
    ([a_slot(NINE, date(1990, 5, 5), zone="Asia/Tashkent")], None),
    ([a_slot(NINE, date(1990, 5, 5), year=1991), a_slot(NINE + HOUR, date(1990, 5, 5), year=1990)], NINE + HOUR),
    ([], None),
])
def test_the_first_moment_is_the_earliest_whose_day_is_somebodys_date_where_it_lives(
    database: Database, slots: list[Slot], first: datetime | None
) -> None:
    bench = Bench(database=database)
    bench.add_contacts(2, born=date(1990, 5, 5))
    with bench.planning.transaction() as tx:
        assert tx.first_dated(slots) == first


def test_whether_anybody_was_changed_is_asked_of_the_moment_of_the_change(database: Database) -> None:
    bench = Bench(database=database)
    bench.add_contacts(1, changed_at=NINE)
    with bench.planning.transaction() as tx:
        assert tx.any_changed(since=NINE - timedelta(seconds=1))
        assert not tx.any_changed(since=NINE)
