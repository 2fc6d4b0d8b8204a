"""How `engage status` says that a campaign stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from engage.model.campaign import Stage, Status
from engage.model.time import Duration
from engage.model.under_way import Standing
from engage.simulation.overview import Situation, by_step, state_of
from tests.builders import NOON, a_campaign, a_send

LIVE = Situation(status=Status.LIVE, since=NOON, ends_at=None, awaits_approval=False, paused=False)
RAMP = (Stage(share=Fraction(1, 100), duration=Duration(seconds=3600)), Stage(share=Fraction(1, 10), duration=Duration(days=1)))


@pytest.mark.parametrize(("situation", "hours", "state"), [
    (LIVE, 0, "live, ramp 1 of 2: 1% until 2026-02-25 13:00 UTC"),
    (LIVE, 2, "live, ramp 2 of 2: 10% until 2026-02-26 13:00 UTC"),
    (LIVE, 30, "live"),
    (replace(LIVE, paused=True, reason="6% of the last 1,000 bounced"), 0, "paused: 6% of the last 1,000 bounced"),
    (replace(LIVE, paused=True), 0, "paused"),
    (replace(LIVE, status=Status.PAUSED), 0, "paused by its file"),
    (replace(LIVE, awaits_approval=True), 0, "waits for approval"),
    (replace(LIVE, ends_at=NOON), 0, "ended"),
    (replace(LIVE, ends_at=NOON + timedelta(days=9)), 30, "live"),
    (replace(LIVE, status=Status.DRAFT, paused=True), 0, "draft"),
    (replace(LIVE, status=None), 0, "not in the workspace"),
])
def test_a_campaign_stands_as_the_strongest_of_what_keeps_it_says(situation: Situation, hours: int, state: str) -> None:
    told = state_of(situation, a_campaign(ramp=RAMP), now=NOON + timedelta(hours=hours), zone=ZoneInfo("Europe/Ljubljana"))
    assert told == state


def test_runs_are_counted_by_step_and_those_of_older_versions_apart() -> None:
    versions = {"v1": a_campaign(a_send(id="wish")), "v2": a_campaign(a_send(), a_send("1", id="wish"))}
    standings = [
        Standing(campaign="birthday", version=version, position=position, runs=runs)
        for version, position, runs in (("v1", "0", 3), ("v2", "0", 1), ("v2", "1", 5), ("gone", "0", 2))
    ]
    assert by_step(standings, {"birthday": "v2"}, lambda name, version: versions.get(version)) == {
        "birthday": {"wish of version v1": 3, "0": 1, "wish": 5, "0 (unreadable) of version gone": 2},
    }
