"""A simulated clock stops where something may happen, and nowhere else: that is what makes a year of it quick."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from engage.simulation.timeline import play
from engage.store.database import Database
from tests.engine import Works
from tests.small import small_workspace

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = ("Europe/Ljubljana", "Asia/Tashkent", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "America/Sao_Paulo")


@pytest.fixture
def works(sqlite_url: str) -> Iterator[Works]:
    """Six people in six zones, born on the same day, and their birthday wishes."""
    database = Database.open(sqlite_url)
    workspace = small_workspace(**{"campaigns/newsletter.yaml": None, "campaigns/follow_up.yaml": None})
    works = Works(database, workspace, at=MARCH)
    for number, zone in enumerate(ZONES):
        works.know(f"p{number}", timezone=zone, birth_date=date(1990, 3, 20))
    works.settle()
    yield works
    works.close()
    database.close()


def test_it_looks_once_a_day_where_nobody_has_a_birthday_and_stops_at_every_hour_at_which_somebody_has(works: Works) -> None:
    stops = list(play(works.engine, start=MARCH, end=MARCH + timedelta(days=31)))
    assert len(works.sent()) == len(ZONES)
    assert len(stops) < 31 + 2 * len(ZONES)


def test_a_date_that_is_corrected_meanwhile_is_stopped_at(works: Works) -> None:
    played = play(works.engine, start=MARCH, end=MARCH + timedelta(days=31))
    next(played)
    works.know("p0", timezone=ZONES[0], birth_date=date(1990, 3, 2))
    rest = list(played)
    assert datetime(2026, 3, 2, 8, tzinfo=UTC) in rest
    assert len(works.sent()) == len(ZONES)
