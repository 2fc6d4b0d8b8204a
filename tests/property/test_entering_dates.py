"""Who enters by a date, through the database: the people and the moments that the triggers' words name, and no others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engage.model.localtime import to_utc, zone
from engage.model.triggers import DateTrigger
from engage.store.database import Database
from engage.store.schema.tables import contacts, runs
from tests.defects.company import NOBODYS, WISHES
from tests.engine import Works
from tests.property.anniversaries import Anniversary
from tests.property.turns import TURNS
from tests.small import small_workspace

TRIGGERS = [
    "{date: birth_date, at: 09:00}", '{date: birth_date, at: "02:30", leap_day: mar-01}', "{date: birth_date, at: 09:00, offset: -3d}",
    '{date: birth_date, at: "00:15", repeat: monthly}', "{date: birth_date, at: 09:00, repeat: once}",
    "{date: birth_date, at: 09:00, day_off: after}", "{date: birth_date, at: 09:00, day_off: before, offset: 1d, leap_day: skip}",
    '{date: birth_date, at: "23:45", min_years: 18}', "{date: birth_date, at: 09:00, repeat: monthly, day_off: before, min_years: 1}",
]
FILES = {**NOBODYS, "templates/wishes/email.md": WISHES} | {
    f"campaigns/c{number}.yaml": f"title: W\npurpose: care\nstatus: live\ntrigger: {trigger}\nsend: wishes\nchannels: [email]\n"
    for number, trigger in enumerate(TRIGGERS)
}
WORKSPACE = small_workspace(**FILES)
COUNTRIES = ["SI", "GB", "JP", "SA"]

ENDS = [date(1992, 2, 29), date(2024, 2, 29), date(2020, 1, 31), date(2010, 12, 31), date(2000, 3, 1), date(1999, 2, 28)]
starts = st.builds(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours), st.integers(0, 24_000))
born = st.one_of(st.none(), st.sampled_from(ENDS))
people = st.lists(
    st.tuples(st.integers(-3, 20), st.integers(0, 30), born, st.sampled_from(TURNS), st.sampled_from(COUNTRIES)), min_size=10, max_size=40,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(starts, people, st.integers(1, 15))
def test_everybody_enters_on_the_moments_that_the_triggers_name(
    sqlite_template: Path, start: datetime, people: list[tuple[int, int, date | None, tuple[str, str], str]], days: int,
) -> None:
    end, expected = start + timedelta(days=days), set()
    with _works(sqlite_template, start) as works:
        for number, (ahead, years, known, (place, _), country) in enumerate(people):
            soon = start.date() + timedelta(days=ahead)
            birth = known or date(soon.year - years, soon.month, min(soon.day, 28))
            works.know(f"p{number}", birth_date=birth, timezone=place, country=country)
            expected |= {(f"p{number}", *entry) for entry in _entries(birth, place, country, start, end)}
        works.planner.tick(now=start)
        works.planner.tick(now=end)
        with works.database.read() as connection:
            entered = sa.select(contacts.c.external_id, runs.c.campaign, runs.c.intended_at).join(runs, runs.c.contact_id == contacts.c.id)
            found = [tuple(row) for row in connection.execute(entered)]
    assert sorted(found) == sorted(expected)


def _entries(born: date, place: str, country: str, start: datetime, end: datetime) -> Iterator[tuple[str, datetime]]:
    for number in range(len(TRIGGERS)):
        trigger = WORKSPACE.campaigns[f"c{number}"].trigger
        assert isinstance(trigger, DateTrigger)
        around = (start.date() - timedelta(days=2), end.date() + timedelta(days=2))
        for _, day in Anniversary(stored=born, trigger=trigger, country=country).entries(*around):
            moment = to_utc(datetime.combine(day, trigger.at), zone(place))
            if start <= moment <= end:
                yield f"c{number}", moment


@contextmanager
def _works(template: Path, at: datetime) -> Iterator[Works]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, f"{folder}/engage.db")
        database = Database.open(f"sqlite:///{folder}/engage.db")
        works = Works(database, WORKSPACE, at=at)
        try:
            yield works
        finally:
            works.close()
            database.close()
