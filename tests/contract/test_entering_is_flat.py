"""A campaign over forty thousand costs as many statements, and brings as many rows into Python, as one over two thousand."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bench.costs import Cost, costs
from bench.crowd import PLANS, add_people, zones
from engage.contacts.zones import names_behind
from engage.model.contact import AttributeKind
from engage.model.triggers import Change, ScheduleTrigger, SegmentTrigger
from engage.model.workspace import Segment
from engage.planning.planner import Planner
from engage.rules.expressions import Names, parse
from engage.store.database import Database
from tests.builders import HERE, NOON, a_campaign, a_workspace
from tests.contract.store_benches import Bench

FEW, MANY = 2_000, 40_000
ZONES = zones(40)
PRO = parse("contact.plan == 'pro'", place=HERE, names=Names(attributes={"plan": AttributeKind.TEXT}))
NEWSLETTER = a_campaign(name="newsletter", trigger=ScheduleTrigger(cron="0 13 * * *", zone="UTC"), audience=PRO)
WELCOME = a_campaign(name="welcome", trigger=SegmentTrigger(segment="pros", change=Change.ENTERS))
WORKSPACE = a_workspace(a_campaign(), NEWSLETTER, WELCOME, segments={"pros": Segment(name="pros", audience=PRO)})
LOOK = NOON + timedelta(minutes=5)
ONE_O_CLOCK = NOON + timedelta(hours=1)


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database, workspace=WORKSPACE)


def cost_of_a_day(bench: Bench, people: int, *, first: int) -> dict[str, Cost]:
    """What it costs to plan a look, at which a tenth of so many new people came in, and a newsletter to them."""
    planner = Planner(bench.planning, workspace=lambda: WORKSPACE, versions=bench._version, zones_of=names_behind)
    planner.tick(now=NOON)
    with bench.database.begin() as connection:
        add_people(connection, people, in_zones=ZONES, known_at=NOON + timedelta(minutes=1), first=first)
    found = {}
    for name, moment in (("look", LOOK), ("newsletter", ONE_O_CLOCK), ("nothing new", ONE_O_CLOCK)):
        with costs(bench.database.engine) as found[name]:
            planner.tick(now=moment)
    return found


def empty(bench: Bench) -> None:
    """As before anybody was there."""
    with bench.database.begin() as connection:
        for table in ("touches", "deliveries", "runs", "segment_members", "segment_states", "contact_dates", "contacts"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
        connection.execute(sa.text("UPDATE campaign_states SET planned_until = NULL, live_since = NULL"))


def entered(bench: Bench) -> dict[str, int]:
    """How many runs wait for a delivery that is there, by campaign."""
    waiting = "SELECT d.campaign, count(*) AS n FROM deliveries d JOIN runs r ON r.id = d.run_id WHERE r.due_at IS NULL GROUP BY d.campaign"
    return {row["campaign"]: row["n"] for row in bench.rows(waiting)}


def test_planning_costs_the_same_whatever_the_audiences_size(bench: Bench) -> None:
    few = cost_of_a_day(bench, FEW, first=1)
    assert entered(bench) == {"newsletter": FEW // PLANS, "welcome": FEW // PLANS}
    empty(bench)
    many = cost_of_a_day(bench, MANY, first=FEW + 1)
    assert entered(bench) == {"newsletter": MANY // PLANS, "welcome": MANY // PLANS}
    assert many == few
    assert max(cost.statements for cost in many.values()) <= 40
