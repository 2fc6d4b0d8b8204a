"""What two contacts come to who are one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engage.contacts.merging import losers, united
from engage.model.contact import Value
from engage.model.run import RunState
from tests.builders import NOON, a_run

EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("name", "mine", "theirs", "told"), [
    ("city", "Koper", "Piran", "Koper"), ("city", None, "Piran", "Piran"), ("tags", ("a", "b"), ("b", "c"), ("a", "b", "c")),
    ("created_at", LATE, EARLY, EARLY), ("created_at", None, LATE, LATE), ("frequency", "daily", "monthly", "monthly"),
    ("frequency", "monthly", "weekly", "monthly"), ("frequency", None, "weekly", "weekly"), ("tracking", True, False, False),
    ("tracking", None, True, True), ("score", 0, 5, 0),
])
def test_the_kept_ones_attributes_go_before_and_nothing_is_lost(name: str, mine: Value, theirs: Value, told: Value) -> None:
    kept = {} if mine is None else {name: mine}
    assert united(kept, {name: theirs}) == {name: told}


def test_of_two_runs_under_one_key_the_one_that_has_written_goes_on_then_the_one_under_way_then_the_older() -> None:
    written = a_run(id=3, state=RunState.FINISHED, handed_off_at=NOON)
    under_way, ended = a_run(id=1), a_run(id=2, state=RunState.FINISHED)
    younger = a_run(id=4, entered_at=NOON + timedelta(hours=1))
    elsewhere = replace(under_way, id=5, campaign="other")
    assert [run.id for run in losers([under_way, ended, written, younger, elsewhere])] == [1, 4, 2]
    assert [run.id for run in losers([younger, under_way, elsewhere])] == [4]
    assert losers([under_way, replace(under_way, id=6, key="another")]) == []
