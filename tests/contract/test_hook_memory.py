"""What hooks remember, on both databases: requests for a day, and of people when each attribute was told last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.model.contact import ChannelKind
from engage.model.errors import InputError
from engage.store.database import Database
from engage.store.feedback.hooks import SqlHookMemory, heard_of
from engage.store.schema.hooks import hook_requests
from tests.engine import MONDAY, Works
from tests.small import small_workspace

HOUR = timedelta(hours=1)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace())
    made.know("ana", chat_id="U1")
    yield made
    made.close()


@pytest.fixture
def memory(works: Works) -> SqlHookMemory:
    return SqlHookMemory(works.database, workspace=lambda: works.workspace)


def test_a_request_is_known_again_for_a_day_and_then_forgotten(memory: SqlHookMemory, works: Works) -> None:
    memory.keep("zendesk", "a" * 64, now=MONDAY)
    memory.keep("zendesk", "a" * 64, now=MONDAY)
    assert memory.has_seen("zendesk", "a" * 64, since=MONDAY)
    assert not memory.has_seen("slack", "a" * 64, since=MONDAY)
    assert not memory.has_seen("zendesk", "a" * 64, since=MONDAY + HOUR)
    assert heard_of(works.database) == {"zendesk": MONDAY}
    memory.keep("slack", "b" * 64, now=MONDAY + 25 * HOUR)
    with works.database.read() as connection:
        assert connection.scalars(sa.select(hook_requests.c.hook)).all() == ["slack"]


def test_what_comes_late_changes_only_what_was_not_told_since(memory: SqlHookMemory, works: Works) -> None:
    first = memory.tell("crm", "9", {"external_id": "c-9", "email": "bo@example.com", "city": "Koper"}, at=MONDAY, now=MONDAY)
    assert memory.tell("crm", "9", {"city": "Celje", "plan": "pro"}, at=MONDAY - HOUR, now=MONDAY) == first
    found = works.people.find("c-9")
    assert found is not None
    assert (found.id, found.attributes["city"], found.attributes["plan"]) == (first, "Koper", "pro")


def test_somebody_who_is_known_is_found_by_their_address_and_stays_the_same_when_it_changes(memory: SqlHookMemory, works: Works) -> None:
    ana = works.people.find("ana")
    assert ana is not None
    assert memory.tell("crm", "1", {"external_id": "ana", "email": "ana@new.example"}, at=MONDAY, now=MONDAY) == ana.id
    assert memory.tell("crm", "1", {"email": "ana@newer.example"}, at=MONDAY + HOUR, now=MONDAY + HOUR) == ana.id
    changed = works.people.find("ana@newer.example")
    assert changed is not None
    assert changed.id == ana.id


def test_what_tells_nobody_apart_or_takes_anothers_id_is_refused(memory: SqlHookMemory, works: Works) -> None:
    works.know("bo")
    memory.tell("crm", "2", {"external_id": "bo"}, at=MONDAY, now=MONDAY)
    with pytest.raises(InputError):
        memory.tell("crm", "3", {"city": "Koper"}, at=MONDAY, now=MONDAY)
    with pytest.raises(InputError):
        memory.tell("crm", "2", {"external_id": "ana"}, at=MONDAY + HOUR, now=MONDAY)


def test_a_chat_id_is_somebodys_where_it_is_only_theirs(memory: SqlHookMemory, works: Works) -> None:
    ana = works.people.find("ana")
    assert ana is not None
    assert memory.contact_by(ChannelKind.CHAT, "U1") == ana.id
    assert memory.contact_by(ChannelKind.CHAT, "U2") is None
    works.know("bo", chat_id="U1")
    assert memory.contact_by(ChannelKind.CHAT, "U1") is None
