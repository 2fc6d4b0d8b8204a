"""The control group: decided at entry, in SQL as in Python, the same for ever; nothing is sent to it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from engage.model.campaign import Campaign, ReEntry
from engage.model.run import RunState
from engage.model.shares import is_in
from engage.store.database import Database
from engage.store.schema.tables import runs
from tests.builders import NOON, a_campaign
from tests.contract.store_benches import Bench, a_slot, an_entry

THIRD = a_campaign(holdout=Fraction(1, 3))


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def held_out(bench: Bench) -> list[int]:
    return bench.ids("SELECT contact_id FROM touches WHERE kind = 'held_out' ORDER BY contact_id")


def entered(bench: Bench) -> list[int]:
    return bench.ids("SELECT contact_id FROM touches WHERE kind = 'entered' ORDER BY contact_id")


def test_a_share_of_those_who_enter_is_held_out_and_the_rest_enter(bench: Bench) -> None:
    ids = bench.add_contacts(300)
    began = bench.enter(an_entry(campaign=THIRD))
    control = [each for each in ids if is_in(each, Fraction(1, 3), "birthday", "holdout")]
    assert 70 <= len(control) <= 130
    assert held_out(bench) == control
    assert entered(bench) == [each for each in ids if each not in control]
    assert began == 300 - len(control)


def test_the_same_are_held_out_when_they_enter_one_by_one(bench: Bench) -> None:
    ids = bench.add_contacts(30)
    with bench.planning.transaction() as tx:
        began = [tx.enter_one(an_entry(campaign=THIRD), each) is not None for each in ids]
    assert began == [not is_in(each, Fraction(1, 3), "birthday", "holdout") for each in ids]
    assert held_out(bench) == [each for each, went in zip(ids, began, strict=True) if not went]


def test_a_held_out_run_is_final_and_never_due(bench: Bench) -> None:
    bench.add_contacts(2)
    everybody = a_campaign(holdout=Fraction(1))
    assert bench.enter(an_entry(campaign=everybody)) == 0
    with bench.planning.transaction() as tx:
        assert tx.due_runs(now=NOON + timedelta(days=999), limit=10) == []
    assert {row["state"] for row in bench.rows("SELECT state FROM runs")} == {RunState.HELD_OUT}
    assert bench.planning.next_due(after=NOON) is None


@pytest.mark.parametrize("campaign", [a_campaign(name="wishes", renamed_from="birthday", holdout=Fraction(1, 3)), THIRD])
def test_a_renamed_campaign_holds_out_the_same(bench: Bench, campaign: Campaign) -> None:
    ids = bench.add_contacts(60)
    bench.enter(an_entry(campaign=campaign))
    assert held_out(bench) == [each for each in ids if is_in(each, Fraction(1, 3), "birthday", "holdout")]


def test_the_held_out_have_taken_their_key_and_their_re_entry(bench: Bench) -> None:
    bench.add_contacts(1)
    never = a_campaign(holdout=Fraction(1), re_entry=ReEntry(allowed=False))
    bench.enter(an_entry(campaign=never))
    bench.enter(an_entry(campaign=never))
    bench.enter(an_entry(a_slot(key="k2"), campaign=never))
    assert bench.count(runs) == 1
    assert [row["kind"] for row in bench.rows("SELECT kind FROM touches ORDER BY id")] == ["held_out", "not_entered"]
