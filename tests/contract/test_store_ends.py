"""Runs that are at their end, on both databases: ended at once, they come to what they come to one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engage.model.history import Kind
from engage.planning.endings import endings_of
from engage.planning.moving import Moving
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.planning.transactions import SqlPlanning
from engage.store.schema.tables import contacts, runs, touches
from tests.engine import MONDAY, Works
from tests.small import small_workspace


class RolledBack(Exception):
    """Nothing of it is kept."""


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(), at=MONDAY.replace(hour=7))
    yield made
    made.close()


def send(works: Works, *people: str) -> None:
    """Birthday wishes, whose runs have not been told yet what came of them."""
    works.know(*people, birth_date=date(1990, 2, 23))
    works.planner.tick(now=works.clock.now())
    works.clock.move(MONDAY.replace(hour=8))
    works.planner.tick(now=works.clock.now())
    works.planner.advance(now=works.clock.now())
    while works.conductor.work("bulk"):
        pass


def as_they_are(connection: sa.Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The runs, and their touches but for the ids, which are drawn anew after a rollback."""
    told = [column for column in touches.c if column.name != "id"]
    said = sa.select(*told).where(touches.c.kind == Kind.FINISHED.value).order_by(touches.c.run_id)
    return (
        [dict(row) for row in connection.execute(sa.select(runs).order_by(runs.c.id)).mappings()],
        [dict(row) for row in connection.execute(said).mappings()],
    )


def one_by_one(works: Works) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the due runs come to step by step; nothing of it is kept."""
    store, now = SqlPlanning(works.database, workspace=lambda: works.workspace), works.clock.now()
    found = None
    try:
        with store.transaction() as tx:
            while (told := tx.take_outcome((), now=now)) is not None:
                tx.wake_runs(told.others, told=told)
            Moving(tx, workspace=lambda: works.workspace, versions=works.version, now=now).move(tx.due_runs(now=now, limit=100))
            found = as_they_are(tx._connection)  # type: ignore[attr-defined]  # its own, before it is rolled back
            raise RolledBack
    except RolledBack:
        pass
    assert found is not None
    return found


def test_only_a_send_after_which_nothing_comes_is_an_end(works: Works) -> None:
    found = {(ending.campaign, ending.position) for ending in endings_of(works.workspace)}
    assert found == {("birthday", "0"), ("newsletter", "0"), ("follow_up", "3.then.0")}


def test_they_come_to_what_they_come_to_one_by_one(works: Works) -> None:
    send(works, "ana", "bor", "cene")
    expected = one_by_one(works)
    assert [row["state"] for row in expected[0]] == ["finished"] * 3
    assert works.planner.advance(now=works.clock.now()) == 3
    with works.database.read() as connection:
        assert as_they_are(connection) == expected


def test_many_end_in_as_many_statements_as_few_and_none_is_read_by_itself(works: Works) -> None:
    send(works, *(f"c{number}" for number in range(50)))
    asked: list[str] = []
    sa.event.listen(works.database.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    assert works.planner.advance(now=works.clock.now()) == 50
    assert sum("UPDATE runs" in each for each in asked) == 1
    assert len(asked) <= 8


def test_whoever_is_erased_does_not_finish(works: Works) -> None:
    send(works, "ana", "bor")
    with works.database.begin() as connection:
        connection.execute(sa.update(contacts).where(contacts.c.external_id == "ana").values(erased_at=works.clock.now()))
    expected = one_by_one(works)
    assert works.planner.advance(now=works.clock.now()) == 2
    with works.database.read() as connection:
        assert as_they_are(connection) == expected
    assert sorted(row["state"] for row in expected[0]) == ["exited", "finished"]


def test_a_version_that_was_accepted_a_moment_ago_has_the_last_word(works: Works) -> None:
    send(works, "ana")
    changed = small_workspace(**{"campaigns/birthday.yaml": LONGER})

    SqlWorkspaces(works.database).accept(changed, now=works.clock.now())

    def refresh() -> None:
        if works.workspace is not changed:
            works.older.insert(0, works.workspace)
            works.workspace = changed

    works.planner._refresh = refresh
    works.planner.advance(now=works.clock.now())
    with works.database.read() as connection:
        (run,) = as_they_are(connection)[0]
    assert (run["state"], run["position"]) == ("active", "1")


LONGER = """\
title: Birthday wishes
purpose: care
status: live
on_edit: migrate
trigger: {date: birth_date, at: 09:00}
steps:
  - send: birthday
    channels: [email, sms]
    expires: end_of_day
  - wait: 1d
"""
