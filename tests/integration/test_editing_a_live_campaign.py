"""A campaign is edited with a thousand runs under way: what `engage plan` said of them is what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.model.history import Kind
from engage.model.run import RunState
from engage.model.time import Duration
from engage.model.workspace import Workspace
from engage.planning.positions import name_of, step_at
from engage.simulation.plan import as_json
from engage.store.database import Database
from engage.store.installation.business_clock import StoredMoment
from engage.store.schema.tables import deliveries, runs
from tests.engine import MONDAY, Works
from tests.small import small_workspace
from workers.plans import plan

GROUPS = {"first": 500, "second": 300, "third": 150, "asked": 50}
"""How many runs wait at each step."""

HEAD = """\
title: Welcome
purpose: care
status: live
trigger: {schedule: "2026-02-23 14:00"}
channels: [email]
"""
STEPS = """\
steps:
  - {wait: 10d, id: first, when: "contact.plan == 'first'"}
  - {wait: 10d, id: second, when: "contact.plan in ['first', 'second']"}
  - {wait: 10d, when: "contact.plan != 'asked'"}
  - {send: news, id: asked, quiet_hours: {from: 13:00, to: 12:00}}
  - {wait: 10d, id: rest}
  - {send: csat, id: last, with: {x: "1"}}
"""
TEMPLATE = "---\nsubject: How?\n---\nHow did we do? {{ message.unsubscribe_url }}\n"


def workspace(steps: str = STEPS, *, on_edit: str = "keep") -> Workspace:
    return small_workspace(**{
        "campaigns/birthday.yaml": None, "campaigns/follow_up.yaml": None, "campaigns/newsletter.yaml": None,
        "campaigns/welcome.yaml": f"{HEAD}on_edit: {on_edit}\n{steps}", "templates/csat/email.md": TEMPLATE,
    })


@pytest.fixture
def works(sqlite_url: str) -> Iterator[Works]:
    yield from _at_work(sqlite_url)


@pytest.fixture
def works_on_postgresql(postgres_url: str) -> Iterator[Works]:
    yield from _at_work(postgres_url)


def _at_work(url: str) -> Iterator[Works]:
    """A thousand runs, an hour on their way."""
    database = Database.open(url)
    made = Works(database, workspace(STEPS.replace(", with: {x: \"1\"}", "")))
    for group, many in GROUPS.items():
        made.know(*(f"{group}{number}" for number in range(many)), plan=group)
    made.play(MONDAY + timedelta(hours=2))
    made.clock.move(MONDAY + timedelta(hours=2))
    StoredMoment(database).set(made.clock.now())
    yield made
    made.close()
    database.close()


def planned(works: Works, edited: Workspace) -> Mapping[str, Any]:
    found = plan(
        works.database, edited, running=works.workspace, versions=works.version, start=works.clock.now(), span=Duration(seconds=22 * 3600),
    )
    return as_json(found)


def standing(works: Works) -> Counter[tuple[str, str]]:
    """How many runs stand where: in which version, at which step."""
    with works.database.read() as connection:
        rows = connection.execute(sa.select(runs.c.version, runs.c.position, runs.c.state)).all()
    return Counter((row.version, _step(works, row)) for row in rows)


def _step(works: Works, row: Any) -> str:
    if row.state != RunState.ACTIVE.value:
        return str(row.state)
    campaign = works.version("welcome", row.version)
    assert campaign is not None
    step = step_at(campaign.steps, row.position)
    assert step is not None
    return name_of(step)


EDITS = {
    "id kept": STEPS.replace("with: {x: \"1\"}", "with: {x: \"2\"}").replace("wait: 10d, id: second", "wait: 20d, id: second"),
    "id changed": STEPS.replace("id: second", "id: other"),
    "inserted": STEPS.replace("  - {wait: 10d, id: second", "  - {wait: 1h, id: new}\n  - {wait: 10d, id: second"),
    "removed": STEPS.replace("  - {wait: 10d, id: second, when: \"contact.plan in ['first', 'second']\"}\n", ""),
    "all behind removed": "steps:\n  - {wait: 10d, id: first}\n  - {wait: 1d, id: new}\n  - {send: csat, id: other}\n",
}


@pytest.mark.parametrize(("edit", "on_edit"), [*((edit, "migrate") for edit in EDITS), ("removed", "keep")])
def test_runs_go_where_the_plan_said_they_would(works: Works, edit: str, on_edit: str) -> None:
    assert_it_goes_as_planned(works, edit, on_edit)


def test_runs_go_where_the_plan_said_on_postgresql_too(works_on_postgresql: Works) -> None:
    assert_it_goes_as_planned(works_on_postgresql, "removed", "migrate")


def assert_it_goes_as_planned(works: Works, edit: str, on_edit: str) -> None:
    before, edited = works.workspace.campaigns["welcome"].version, workspace(EDITS[edit], on_edit=on_edit)
    after = edited.campaigns["welcome"].version
    told = planned(works, edited)
    works.accept(edited)
    works.play(MONDAY + timedelta(days=1))
    expected: Counter[tuple[str, str]] = Counter()
    for row in told["runs"]:
        expected[before if row["fate"] == "stays" else after, _place(row)] += row["runs"]
    assert sum(expected.values()) == 1000
    assert standing(works) == expected
    assert sum(row["after"]["count"] for row in told["forecast"] if row["outcome"] == "goes") == len(works.sent())
    assert len(works.sent()) == len(set(works.sent())) == GROUPS["asked"]


def _place(row: Mapping[str, Any]) -> str:
    """Where the runs stand a day later: those that waited for their delivery got it, and are behind its step."""
    if row["fate"] == "ends":
        return "finished"
    return "rest" if row["to"] == "asked" else str(row["to"])


def test_what_the_plan_says_of_each_edit(works: Works) -> None:
    said = {
        edit: {row["step"]: (row["runs"], row["fate"], row["to"]) for row in planned(works, workspace(text, on_edit="migrate"))["runs"]}
        for edit, text in EDITS.items()
    }
    kept = {"first": (500, "moves", "first"), "second": (300, "moves", "second"), "2": (150, "moves", "2"), "asked": (50, "moves", "asked")}
    assert said == {
        "id kept": kept,
        "id changed": {**kept, "second": (300, "moves_on", "2")},
        "inserted": {**kept, "2": (150, "moves", "3")},
        "removed": {**kept, "second": (300, "moves_on", "1"), "2": (150, "moves", "1")},
        "all behind removed": {**kept, "second": (300, "moves_on", "new"), "2": (150, "moves", "new"), "asked": (50, "ends", None)},
    }


def test_beyond_the_limit_a_sample_is_played_and_its_counts_are_scaled_with_their_interval(works: Works) -> None:
    again = workspace(STEPS.replace("10d, id: first", "1h, id: first"), on_edit="migrate")
    found = plan(
        works.database, again, running=works.workspace, versions=works.version, start=works.clock.now(), span=Duration(days=30),
        exact_up_to=200,
    )
    sample = found.after.sample
    assert (sample.people, 150 < sample.looked_at < 250) == (1000, True)
    (goes,) = [row.after for row in found.rows("outcome", "message") if (row.keys["outcome"], row.keys["message"]) == ("goes", "news")]
    assert goes.low <= 1000 <= goes.high
    assert goes.count == pytest.approx(1000, abs=1)


def test_a_wait_that_was_made_shorter_counts_from_when_it_began(works: Works) -> None:
    works.accept(workspace(STEPS.replace("wait: 10d, id: first", "wait: 3d, id: first"), on_edit="migrate"))
    works.settle()
    with works.database.read() as connection:
        due = set(connection.scalars(sa.select(runs.c.due_at).where(runs.c.position == "0")))
    assert due == {MONDAY + timedelta(days=3, hours=1)}


def test_a_campaign_that_is_taken_out_stops_its_runs_as_the_plan_said(works: Works) -> None:
    gone = small_workspace(**{"campaigns/newsletter.yaml": None})
    told = planned(works, gone)
    assert {row["fate"] for row in told["runs"]} == {"stops"}
    assert [row["change"] for row in told["campaigns"] if row["campaign"] == "welcome"] == ["removed"]
    cancelled = [row for row in told["forecast"] if row["why"] == "cancelled: ended"]
    works.accept(gone)
    works.play(MONDAY + timedelta(days=1))
    assert sum(row["after"]["count"] for row in cancelled) == GROUPS["asked"]
    with works.database.read() as connection:
        states = Counter(connection.scalars(sa.select(deliveries.c.state)))
    assert states == {"cancelled": GROUPS["asked"]}


def test_what_the_new_version_says_ends_a_run_counts_while_its_delivery_is_on_its_way(works: Works) -> None:
    edited = workspace(f"exit: {{event: ticket.closed}}\n{STEPS}", on_edit="migrate")
    works.accept(edited)
    works.happen("ticket.closed", "asked7", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=1))
    assert len(works.sent()) == GROUPS["asked"] - 1
    (exited,) = works.touches(Kind.EXITED)
    assert (exited.version, exited.step) == (edited.campaigns["welcome"].version, "asked")
