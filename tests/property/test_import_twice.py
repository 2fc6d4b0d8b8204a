"""A file imported twice is imported once, whatever its rows say of each other, in one batch or in many."""

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
from engage.store.people import SqlPeople
from engage.store.tables import consents, contact_dates, contacts, metadata, touches
from tests.builders import NOON, a_workspace

ROWS = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.sampled_from(["a", "b"]), "email": st.sampled_from(["x@example.com", "y@example.com"]),
        "phone": st.sampled_from(["+38640000001", "+38640000002"]), "city": st.sampled_from(["Koper", "Piran"]),
    },
)
PERMISSIONS = st.builds(
    Permission, purpose=st.just("care"), channel=st.sampled_from([None, *ChannelKind]), granted=st.booleans(),
    at=st.sampled_from([None, NOON - timedelta(days=2), NOON - timedelta(days=1)]), source=st.just("list"),
)
PERSONS = st.builds(Person, attributes=ROWS, permissions=st.lists(PERMISSIONS, max_size=2).map(tuple))


def everything(database: Database) -> list[list[tuple[object, ...]]]:
    with database.read() as connection:
        return [[tuple(row) for row in connection.execute(sa.select(table))] for table in (contacts, contact_dates, consents, touches)]


@pytest.fixture(scope="module")
def memory() -> Iterator[Database]:
    database = Database.open("sqlite://")
    with database.begin() as connection:
        metadata.create_all(connection)
    yield database
    database.close()


@settings(max_examples=150, deadline=None)
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
