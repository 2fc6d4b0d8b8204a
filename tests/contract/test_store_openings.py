"""First deliveries made together with the runs are, to the letter, those that the runs would ask for step by step."""

from __future__ import annotations

import random  # noqa: TID251  # made-up campaigns: the seed makes them the same everywhere
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from engage.contacts.zones import names_behind
from engage.model.campaign import Campaign, ExitOnEvent, ReEntry
from engage.model.quiet_hours import QuietHours
from engage.model.time import Duration, EndOfDay
from engage.model.triggers import DateTrigger, ManualTrigger, ScheduleTrigger
from engage.planning.openings import opening_send, openings
from engage.planning.planner import Planner
from engage.planning.slots import DateMatch, Entry, Residence, Slot
from engage.store.database import Database
from engage.store.schema.tables import deliveries, runs, touches
from tests.builders import NOON, a_campaign, a_send, a_workspace
from tests.contract.store_benches import Bench

ZONES = ("Europe/Ljubljana", "America/St_Johns", "Asia/Kathmandu", "*US", "Pacific/Apia", "!")
"""One zone, several that may be meant, a broken one: as they stand in `zone_key`."""

BORN = date(1990, 2, 25)


@pytest.fixture
def bench(database: Database) -> Bench:
    made = Bench(database=database)
    for zone in ZONES:
        made.add_contacts(3, zone=zone, born=BORN)
    return made


def a_plain_campaign(dice: random.Random) -> Campaign:
    """One that begins with a plain send, whatever else it says."""
    send = a_send(
        id=dice.choice([None, "hello"]), channels=dice.choice([("email",), ("sms", "email"), ("preferred", "email")]),
        purpose=dice.choice(["care", "service", "gone"]), to=dice.choice([None, "staff@example.com"]), as_=dice.choice([None, "outcome"]),
        expires=dice.choice([EndOfDay.END_OF_DAY, Duration(days=3), Duration(months=1), Duration(seconds=7200)]),
        with_=dice.choice([{}, {"note": "hi", "day": BORN, "more": {"list": (1, "b"), "none": None}}]),
        quiet_hours=dice.choice([(), ("ignore",), (None, QuietHours(start=time(21), end=time(8), days_off=frozenset({6})))]),
    )
    later = a_send("1", id="later")
    return a_campaign(
        *dice.choice([(send,), (send, later)]), priority=dice.randrange(10), on_unknown=dice.choice([None, "resend"]),
        holdout=dice.choice([Fraction(0), Fraction(1, 3)]), re_entry=dice.choice([ReEntry(), ReEntry(allowed=False)]),
        copies=dice.choice([False, True]), exits=dice.choice([(), (ExitOnEvent(event="ticket.closed"),)]),
        trigger=dice.choice([DateTrigger(attribute="birth_date", at=time(9)), ScheduleTrigger(cron="0 10 * * *"), ManualTrigger()]),
    )


def some_slots(dice: random.Random) -> list[Slot]:
    """Everybody at once, or each where they live, some by their birthday."""
    if dice.random() < 0.4:
        return [Slot(at=NOON - timedelta(hours=1), key="all", trigger={"at": "x"})]
    match = dice.choice([None, DateMatch(attribute="birth_date", day=25, month=2, year=None, base_year=2026, min_years=0)])
    return [
        Slot(at=NOON - timedelta(hours=number), key="k", trigger={"at": "x"}, residence=Residence(zone_key=zone), match=match)
        for number, zone in enumerate(ZONES)
    ]


def a_planner(bench: Bench, campaign: Campaign) -> Planner:
    """One that knows this campaign alone."""
    return Planner(bench.planning, workspace=lambda: bench.workspace, versions=lambda name, version: campaign, zones_of=names_behind)


def rows(bench: Bench, table: sa.Table) -> list[dict[str, Any]]:
    """The rows, with the first of their own numbers as number 1."""
    with bench.database.read() as connection:
        found = [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]
        first = connection.scalar(sa.select(sa.func.min(runs.c.id))) or 0
    for number, row in enumerate(found):
        row["id"] = number
        if row.get("run_id") is not None:
            row["run_id"] -= first
    return sorted(found, key=lambda row: (row["contact_id"], row["id"])) if table is touches else found


def outcome(bench: Bench, entry: Entry, planner: Planner) -> dict[str, list[dict[str, Any]]]:
    """What stands in the database once everybody entered and all that is due was moved on; then nothing does."""
    bench.enter(entry)
    while planner.advance(now=NOON):
        pass
    written = {table.name: rows(bench, table) for table in (runs, deliveries, touches)}
    with bench.database.begin() as connection:
        for table in (touches, deliveries, runs):
            connection.execute(sa.delete(table))
    return written


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_write_the_same_rows(bench: Bench, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(6):
        campaign, slots = a_plain_campaign(dice), some_slots(dice)
        bench.workspace = a_workspace(campaign)
        planner = a_planner(bench, campaign)
        made = openings(campaign, slots, workspace=bench.workspace, zone_keys=ZONES, zones_of=names_behind, now=NOON)
        assert len(made) == len(ZONES)
        entry = Entry(campaign=campaign, now=NOON, position="0", slots=tuple(slots))
        step_by_step = outcome(bench, entry, planner)
        at_once = outcome(bench, Entry(campaign=campaign, now=NOON, position="0", slots=tuple(slots), openings=made), planner)
        assert at_once == step_by_step
        assert len(at_once["deliveries"]) >= 10


def test_a_contact_whose_zone_nobody_thought_of_goes_step_by_step(bench: Bench) -> None:
    campaign, slots = a_campaign(), [Slot(at=NOON, key="all", trigger={})]
    made = openings(campaign, slots, workspace=bench.workspace, zone_keys=ZONES[1:], zones_of=names_behind, now=NOON)
    bench.enter(Entry(campaign=campaign, now=NOON, position="0", slots=tuple(slots), openings=made))
    due = bench.rows("SELECT count(*) AS runs FROM runs WHERE due_at IS NOT NULL")
    assert (due[0]["runs"], bench.count(deliveries)) == (3, 15)


@pytest.mark.parametrize("asks", [
    pytest.param({"when": object()}, id="whether"), pytest.param({"by_all": True}, id="all channels"),
    pytest.param({"fallback": object()}, id="channels in turn"),
])
def test_a_send_that_asks_is_no_opening(asks: dict[str, Any]) -> None:
    assert opening_send(a_campaign(a_send(**asks))) is None
    assert opening_send(a_campaign(a_send())) is not None
