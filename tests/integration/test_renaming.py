"""A campaign is renamed, taken back, and taken out: what it did before stays its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from engage.contacts.zones import names_behind
from engage.model.contact import Event
from engage.model.history import Kind
from engage.model.time import Duration
from engage.planning.planner import Planner
from engage.store.campaigns.renaming import CARRIED
from engage.store.database import Database
from engage.store.installation.business_clock import StoredMoment
from engage.store.planning.transactions import SqlPlanning
from engage.store.schema.tables import campaign_states, runs
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace
from workers.plans import plan

TUESDAY = MONDAY + timedelta(days=1)
FOLLOW_UP = FILES["campaigns/follow_up.yaml"].replace("purpose: care\n", "purpose: care\nlimit: 1 per week\nholdout: 20%\n")
BIRTHDAY = FILES["campaigns/birthday.yaml"].replace("expires: end_of_day", "expires: 7d")
AGAIN = f"{BIRTHDAY}audience: not touched(campaign='aftercare', kind='sent')\n"


def before() -> dict[str, str | None]:
    return {"campaigns/follow_up.yaml": FOLLOW_UP, "campaigns/birthday.yaml": BIRTHDAY, "campaigns/newsletter.yaml": None}


def after(**more: str | None) -> dict[str, str | None]:
    renamed = {"campaigns/aftercare.yaml": f"{FOLLOW_UP}renamed_from: follow_up\n", "campaigns/follow_up.yaml": None}
    return {**before(), **renamed, **more}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**before()))
    made.know(*(f"p{number}" for number in range(20)))
    yield made
    made.close()


def close_tickets(works: Works, name: str) -> None:
    for number in range(20):
        works.happen("ticket.closed", f"p{number}", id=f"{name}-{number}", ticket_id=f"{name}-{number}")


def names_in(database: Database) -> set[str]:
    """The names under which anything is kept, but for the history."""
    with database.read() as connection:
        return {name for table in (*CARRIED, campaign_states) for name in connection.scalars(sa.select(table.c.campaign).distinct())}


def test_a_renamed_campaign_carries_on_runs_state_and_control_group_and_nobody_enters_again(works: Works) -> None:
    close_tickets(works, "one")
    works.settle()
    held_out = {touch.contact_id for touch in works.touches(Kind.HELD_OUT)}
    works.operations.pause("campaign", "follow_up", now=MONDAY)
    works.accept(small_workspace(**after()))
    assert "follow_up" not in names_in(works.database)
    assert [row["name"] for row in works.operations.pauses()] == ["aftercare"]
    works.operations.resume("campaign", "aftercare", now=MONDAY)
    close_tickets(works, "one")
    works.play(TUESDAY + timedelta(days=1))
    assert len(held_out) + len(works.sent()) == 20
    assert {touch.campaign for touch in works.touches(Kind.SENT)} == {"aftercare"}
    close_tickets(works, "two")
    works.settle()
    assert {touch.contact_id for touch in works.touches(Kind.HELD_OUT)} == held_out


def test_what_happened_under_the_former_name_counts_for_limits_and_expressions(works: Works) -> None:
    close_tickets(works, "one")
    works.play(TUESDAY + timedelta(hours=12))
    got = {touch.contact_id for touch in works.touches(Kind.SENT)}
    works.accept(small_workspace(**after(**{"campaigns/birthday.yaml": AGAIN})))
    works.know("p0", "p1", "p2", "p3", birth_date=date(1990, 2, 26))
    close_tickets(works, "two")
    works.play(MONDAY + timedelta(days=4))
    wished = {touch.contact_id for touch in works.touches(Kind.SENT) if touch.campaign == "birthday"}
    assert wished
    assert not wished & got
    assert {touch.reason for touch in works.touches(Kind.DEFERRED)} >= {"limit"}
    assert len([touch for touch in works.touches(Kind.SENT) if touch.campaign == "aftercare"]) == 0


def test_the_plan_knows_a_renamed_campaign_and_its_runs(works: Works) -> None:
    close_tickets(works, "one")
    works.settle()
    StoredMoment(works.database).set(works.clock.now())
    found = plan(
        works.database, small_workspace(**after()), running=works.workspace, versions=works.version, start=works.clock.now(),
        span=Duration(days=2),
    )
    goes = [row for row in found.rows("campaign", "outcome") if row.keys["outcome"] == "goes"]
    counts = {row.keys["campaign"]: (row.before.count, row.after.count) for row in goes}
    under_way = len(works.touches(Kind.ENTERED))
    assert counts == {"aftercare": (under_way, under_way)}
    assert [(course.campaign, course.fate.value, course.runs) for course in found.courses] == [("aftercare", "stays", under_way)]


def test_a_process_that_has_not_heard_of_the_new_name_yet_enters_nobody_under_the_old_one(works: Works) -> None:
    store = SqlPlanning(works.database, workspace=lambda: small_workspace(**before()))
    behind = Planner(store, workspace=lambda: small_workspace(**before()), versions=works.version, zones_of=names_behind)
    works.accept(small_workspace(**after()))
    assert behind.happen(Event(id="e1", type="ticket.closed", at=MONDAY, data={"ticket_id": "T-1"}, contact_ref="p1"), now=MONDAY)
    assert works.touches(Kind.ENTERED, Kind.HELD_OUT) == []


def test_a_name_that_comes_back_takes_its_state_back(works: Works) -> None:
    close_tickets(works, "one")
    works.settle()
    works.accept(small_workspace(**after()))
    close_tickets(works, "two")
    works.accept(small_workspace(**before()))
    assert "aftercare" not in names_in(works.database)
    close_tickets(works, "one")
    close_tickets(works, "two")
    works.settle()
    with works.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(runs)) == 40


def test_going_back_to_an_older_version_enters_nobody_twice_and_keeps_every_run(works: Works) -> None:
    works.know("ana", birth_date=date(1990, 2, 24))
    works.play(TUESDAY)
    works.accept(small_workspace(**{**before(), "campaigns/birthday.yaml": f"{BIRTHDAY}# edited\n"}))
    works.play(TUESDAY + timedelta(hours=1))
    works.accept(small_workspace(**before()))
    works.play(TUESDAY + timedelta(hours=6))
    wishes = [touch for touch in works.touches(Kind.SENT) if touch.campaign == "birthday"]
    assert len(wishes) == len(works.touches(Kind.ENTERED)) == 1
