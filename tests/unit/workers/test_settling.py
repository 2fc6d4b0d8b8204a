"""Contacts are settled anew when what their zones hang on changes, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engage.contacts.ports import Person
from engage.store.database import Database
from engage.store.people.contacts import SqlPeople
from tests.builders import NOON, a_workspace, some_settings
from workers.settling import Settling


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database.open("sqlite://")
    opened.migrate()
    yield opened
    opened.close()


def settle(database: Database, zone: str) -> str:
    """Settle for a workspace of that zone; where somebody of no known zone lives by it."""
    workspace = a_workspace(settings=replace(some_settings(), timezone=zone))
    people = SqlPeople(database, workspace=lambda: workspace)
    people.upsert([Person(attributes={"external_id": "bo"})], now=NOON)
    Settling(database, people).settle(workspace.settings, now=NOON)
    contact = people.find("bo")
    assert contact is not None
    return contact.zones.key


def test_a_new_zone_of_the_workspace_moves_those_who_live_by_it(database: Database) -> None:
    assert settle(database, "Europe/Ljubljana") == "Europe/Ljubljana"
    assert settle(database, "Asia/Tashkent") == "Asia/Tashkent"


def test_what_has_not_changed_is_not_worked_out_again(database: Database) -> None:
    class Counting:
        times = 0

        def resettle(self, *, now: object) -> int:
            self.times += 1
            return 0

    people = Counting()
    for _ in range(3):
        Settling(database, people).settle(some_settings(), now=NOON)  # type: ignore[arg-type]  # only what settling asks of people
    assert people.times == 1
