"""Entering, on both databases: everybody of the audience, once, whoever enters and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engage.model.campaign import ReEntry
from engage.model.run import RunState
from engage.model.time import Duration
from engage.planning.slots import DateMatch, Residence
from engage.store.database import Database
from engage.store.schema.tables import runs
from tests.builders import NOON, a_campaign
from tests.contract.store_benches import Bench, a_slot, an_entry, at_once

DAY = timedelta(days=1)
NEVER = a_campaign(re_entry=ReEntry(allowed=False))
AFTER_14_DAYS = a_campaign(re_entry=ReEntry(after=Duration(days=14)))


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def on(day: int, month: int, **changes: object) -> DateMatch:
    match = DateMatch(attribute="birth_date", day=day, month=month, year=None, base_year=2026, min_years=0)
    return replace(match, **changes)  # type: ignore[arg-type]  # a builder's changes are the fields' own


def touches(bench: Bench) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["reason"]) for row in bench.rows("SELECT kind, reason FROM touches ORDER BY id")]


def test_everybody_enters_once_with_a_touch_each(bench: Bench) -> None:
    bench.add_contacts(3)
    assert bench.enter() == 3
    assert bench.enter() == 0
    assert touches(bench) == [("entered", None)] * 3
    told = bench.rows("SELECT contact_id, run_id, campaign, purpose FROM touches ORDER BY id")
    assert told == bench.rows("SELECT contact_id, id AS run_id, campaign, 'care' AS purpose FROM runs ORDER BY id")


def test_a_run_begins_as_the_entry_says(bench: Bench) -> None:
    bench.add_contacts(1)
    bench.enter(an_entry(a_slot(at=NOON - DAY), position="2"))
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
    run = held.run
    assert (run.state, run.position, run.due_at, run.entered_at) == (RunState.ACTIVE, "2", NOON, NOON)
    assert (run.since, run.intended_at, run.key, run.trigger) == (NOON - DAY, NOON - DAY, "k1", {"at": "2026-02-25T12:00"})


def test_ten_that_enter_at_once_make_no_doubles(bench: Bench) -> None:
    bench.add_contacts(50)
    entered = at_once(10, lambda _: bench.enter())
    assert sum(entered) == 50
    assert bench.count(runs) == 50
    assert len(touches(bench)) == 50


def test_ten_that_enter_one_contact_at_once_under_different_keys_pass_re_entry_once(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)

    def enter(index: int) -> int | None:
        with bench.planning.transaction() as tx:
            return tx.enter_one(an_entry(a_slot(key=f"ticket-{index}"), campaign=NEVER), contact_id)

    assert sum(run_id is not None for run_id in at_once(10, enter)) == 1
    assert sorted(touches(bench)) == [("entered", None)] + [("not_entered", "re_entry")] * 9


def test_only_those_who_live_there_enter(bench: Bench) -> None:
    bench.add_contacts(1, zone="Asia/Tashkent")
    (here,) = bench.add_contacts(1)
    (abroad,) = bench.add_contacts(1, country="LV")
    assert bench.enter(an_entry(a_slot(residence=Residence(zone_key="Europe/Ljubljana", country="SI")))) == 1
    assert bench.ids("SELECT contact_id FROM runs") == [here]
    assert bench.enter() == 1
    assert bench.ids("SELECT contact_id FROM runs ORDER BY id") == [here, abroad]
    assert bench.enter(an_entry(a_slot(residence=None))) == 1


def test_by_country_those_without_one_are_a_residence_of_their_own(bench: Bench) -> None:
    bench.add_contacts(1)
    (nowhere,) = bench.add_contacts(1, country=None)
    with bench.planning.transaction() as tx:
        places = tx.residences(by_country=True)
    (unknown,) = [place for place in places if place.country is None]
    assert bench.enter(an_entry(a_slot(residence=unknown))) == 1
    assert bench.ids("SELECT contact_id FROM runs") == [nowhere]


def test_a_date_is_matched_by_day_and_month_and_the_years_are_counted(bench: Bench) -> None:
    (ana,) = bench.add_contacts(1, born=date(1992, 2, 25))
    bench.add_contacts(1, born=date(1992, 2, 26))
    bench.add_contacts(1, born=date(1992, 3, 25))
    assert bench.enter(an_entry(a_slot(match=on(25, 2), trigger={"date": "2026-02-25"}))) == 1
    with bench.planning.transaction() as tx:
        (held,) = tx.due_runs(now=NOON, limit=10)
    assert (held.run.contact_id, held.run.trigger) == (ana, {"date": "2026-02-25", "years": 34})


def test_a_monthly_date_enters_by_a_slot_for_each_month_that_it_may_stand_in(bench: Bench) -> None:
    bench.add_contacts(2, born=date(1992, 1, 25))
    bench.add_contacts(1, born=date(1992, 7, 25))
    bench.add_contacts(1, born=date(1992, 7, 24))
    assert bench.enter(an_entry(*(a_slot(match=on(25, month)) for month in range(1, 13)))) == 3


def test_placeholder_dates_and_too_few_years_never_fire(bench: Bench) -> None:
    bench.add_contacts(1, born=date(1900, 2, 25))
    bench.add_contacts(1, born=date(2026, 2, 25))
    bench.add_contacts(1, born=date(2027, 2, 25))
    excluded = frozenset({date(1900, 2, 25)})
    assert bench.enter(an_entry(a_slot(match=on(25, 2, min_years=1)), excluded_dates=excluded)) == 0
    assert bench.enter(an_entry(a_slot(match=on(25, 2)), excluded_dates=excluded)) == 1


def test_a_date_of_one_year_is_matched_by_the_year(bench: Bench) -> None:
    bench.add_contacts(1, born=date(2025, 2, 25))
    bench.add_contacts(1, born=date(2026, 2, 25))
    assert bench.enter(an_entry(a_slot(match=on(25, 2, year=2026)))) == 1


def test_a_late_slot_is_for_those_who_changed_since(bench: Bench) -> None:
    bench.add_contacts(1, changed_at=NOON - DAY)
    (late,) = bench.add_contacts(1, changed_at=NOON)
    bench.enter(an_entry(a_slot(changed_since=NOON - DAY)))
    assert bench.ids("SELECT contact_id FROM runs") == [late]


def test_the_erased_never_enter(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1, erased_at=NOON)
    assert bench.enter() == 0
    with bench.planning.transaction() as tx:
        assert tx.enter_one(an_entry(), contact_id) is None


@pytest.mark.parametrize(("days", "entered"), [(13, 0), (14, 1)])
def test_re_entry_waits_its_span_since_the_last_entry(bench: Bench, days: int, entered: int) -> None:
    bench.add_contacts(1)
    bench.enter(an_entry(campaign=AFTER_14_DAYS))
    later = an_entry(a_slot(key="k2", at=NOON + days * DAY), campaign=AFTER_14_DAYS)
    assert bench.enter(later) == entered


def test_re_entry_after_a_day_means_the_same_local_time_over_a_change_of_the_clock(bench: Bench) -> None:
    bench.add_contacts(1)
    daily = a_campaign(re_entry=ReEntry(after=Duration(days=1)))
    before = NOON.replace(month=3, day=28, hour=8)
    bench.enter(an_entry(a_slot(at=before), campaign=daily))
    assert bench.enter(an_entry(a_slot(key="k2", at=before + DAY - timedelta(hours=1)), campaign=daily)) == 1


def test_who_is_kept_out_by_re_entry_is_told_once_for_each_key(bench: Bench) -> None:
    bench.add_contacts(2)
    bench.enter(an_entry(campaign=NEVER))
    second = an_entry(a_slot(key="k2", at=NOON + DAY), campaign=NEVER)
    assert [bench.enter(second), bench.enter(second)] == [0, 0]
    assert touches(bench) == [("entered", None)] * 2 + [("not_entered", "re_entry")] * 2


def test_two_slots_entered_together_do_not_both_pass_re_entry(bench: Bench) -> None:
    bench.add_contacts(1)
    slots = (a_slot(), a_slot(key="k2", at=NOON + DAY), a_slot(key="k3", at=NOON + 2 * DAY, residence=None))
    assert bench.enter(an_entry(*slots, campaign=NEVER)) == 1
    assert bench.rows("SELECT \"key\" FROM runs") == [{"key": "k1"}]


def test_a_returned_run_gives_back_its_key_and_its_re_entry(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    bench.enter(an_entry(campaign=NEVER))
    with bench.planning.transaction() as tx:
        (held,) = tx.runs_of_contact(contact_id)
        tx.save_runs([replace(held.run, state=RunState.RETURNED)])
    with bench.planning.transaction() as tx:
        assert tx.enter_one(an_entry(campaign=NEVER), contact_id) is not None


def test_a_run_under_the_same_key_keeps_out_without_a_touch(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    bench.enter(an_entry(campaign=NEVER))
    with bench.planning.transaction() as tx:
        assert tx.enter_one(an_entry(campaign=NEVER), contact_id) is None
    assert touches(bench) == [("entered", None)]


def test_entering_takes_as_many_statements_for_ten_thousand_contacts_in_many_zones_as_for_ten(bench: Bench) -> None:
    bench.add_contacts(5)
    bench.add_contacts(5, zone="Asia/Tashkent")
    few = [a_slot(match=on(25, 2)), a_slot(match=on(25, 2), residence=Residence(zone_key="Asia/Tashkent"))]
    many = [replace(slot, key="k2") for slot in few] + [
        a_slot(key="k2", match=on(25, 2), residence=Residence(zone_key=f"Zone/{number}")) for number in range(300)
    ]
    counted = []
    for slots, more in ((few, 9_990), (many, 0)):
        with bench.counting() as statements:
            entered = bench.enter(an_entry(*slots))
        counted.append((entered, len(statements)))
        bench.add_contacts(more) if more else None
    (ten, with_ten), (ten_thousand, with_ten_thousand) = counted
    assert (ten, ten_thousand) == (10, 10_000)
    assert with_ten == with_ten_thousand <= 8


def test_planned_until_is_remembered_and_the_first_time_is_when_it_went_live(bench: Bench) -> None:
    with bench.planning.transaction() as tx:
        assert (tx.planned_until("birthday"), tx.went_live("birthday")) == (None, None)
        tx.move_planned_until("birthday", NOON)
        tx.move_planned_until("birthday", NOON + DAY)
    with bench.planning.transaction() as tx:
        assert (tx.planned_until("birthday"), tx.went_live("birthday")) == (NOON + DAY, NOON)


def test_residences_are_where_contacts_live(bench: Bench) -> None:
    bench.add_contacts(2)
    bench.add_contacts(1, country="LV")
    bench.add_contacts(1, zone="Asia/Tashkent", country=None)
    with bench.planning.transaction() as tx:
        assert [place.zone_key for place in tx.residences(by_country=False)] == ["Asia/Tashkent", "Europe/Ljubljana"]
        by_country = {(place.zone_key, place.country) for place in tx.residences(by_country=True)}
    assert by_country == {("Asia/Tashkent", None), ("Europe/Ljubljana", "SI"), ("Europe/Ljubljana", "LV")}
