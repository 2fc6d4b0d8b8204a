"""A file imported twice is imported once, however much or little its rows tell of their people, in one batch or in many.

Each person keeps its addresses throughout the file: one that moves from an address to another is somebody new by the old one. Withdrawals
carry their time: one that does not counts as of each import, lest an old grant outlive it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.contacts.ports import Permission, Person
from engage.model.contact import ChannelKind
from engage.store.database import Database
from engage.store.people.contacts import SqlPeople
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contact_dates, contacts, metadata, touches
from tests.builders import NOON, a_workspace

POPULATION = [{"external_id": f"p{number}", "email": f"p{number}@example.com", "phone": f"+3864000000{number}"} for number in range(3)]
NAMES = st.sets(st.sampled_from(["external_id", "email", "phone"]))
CITIES = st.sampled_from([{}, {"city": "Koper"}, {"city": "Piran"}, {"timezone": "Asia/Tokyo"}, {"first_name": None}])
ROWS = st.builds(
    lambda person, names, more: {**{name: person[name] for name in names}, **more}, st.sampled_from(POPULATION), NAMES, CITIES,
)
TIMES = st.sampled_from([None, NOON - timedelta(days=2), NOON - timedelta(days=1)])
PERMISSIONS = st.builds(
    lambda granted, at, channel: Permission(purpose="care", channel=channel, granted=granted or at is None, at=at, source="list"),
    st.booleans(), TIMES, st.sampled_from([None, *ChannelKind]),
)
PERSONS = st.builds(Person, attributes=ROWS, permissions=st.lists(PERMISSIONS, max_size=2).map(tuple))


PEOPLE = sa.select(*(column for column in contacts.c if column.name != "written_at"))
"""A file that says first Koper and then Piran of somebody writes the row each time, on its way to what it was."""


def everything(database: Database) -> list[list[tuple[object, ...]]]:
    asked = (PEOPLE, *map(sa.select, (contact_dates, consents, touches)))
    with database.read() as connection:
        return [[tuple(row) for row in connection.execute(each)] for each in asked]


@pytest.fixture(scope="module")
def memory() -> Iterator[Database]:
    database = Database.open("sqlite://")
    with database.begin() as connection:
        metadata.create_all(connection)
    yield database
    database.close()


@settings(max_examples=150)
@given(persons=st.lists(PERSONS, max_size=7), size=st.integers(1, 7))
def test_what_was_told_before_changes_nothing(memory: Database, persons: Sequence[Person], size: int) -> None:
    with memory.begin() as connection:
        for table in (touches, consents, contact_dates, contacts):
            connection.execute(table.delete())
    people = SqlPeople(memory, workspace=a_workspace)

    def import_all(days: int) -> None:
        for start in range(0, len(persons), size):
            people.upsert(persons[start:start + size], now=NOON + timedelta(days=days))

    import_all(0)
    first = everything(memory)
    import_all(1)
    assert everything(memory) == first
