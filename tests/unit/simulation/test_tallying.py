"""Counting what a simulation did, of everybody and of a sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from engage.model.history import Kind, Touch
from engage.model.shares import is_in
from engage.model.under_way import Holding
from engage.simulation.lines import Line
from engage.simulation.tallying import Sample, Tally, side_by_side, wilson
from tests.builders import NOON, a_contact

SENT = Touch(at=NOON, contact_id=1, kind=Kind.SENT, campaign="birthday", message="birthday", channel="email", locale="sl")


def a_tally(*touches: Touch, looked_at: int = 100, people: int = 100) -> Tally:
    tally = Tally(sample=Sample(looked_at=looked_at, people=people))
    for touch in touches:
        tally.add(Line(touch=touch, contact=a_contact(id=touch.contact_id or 1)))
    return tally


def to(*contact_ids: int) -> list[Touch]:
    return [replace(SENT, contact_id=contact_id) for contact_id in contact_ids]


def test_everybody_is_counted_exactly_by_whatever_keys_are_asked_for() -> None:
    late = replace(SENT, at=NOON + timedelta(hours=11, minutes=30), contact_id=9, locale="en")
    refused = replace(SENT, kind=Kind.SUPPRESSED, reason="no_consent")
    tally = a_tally(*to(1, 2, 3), late, refused, replace(SENT, kind=Kind.FINISHED))
    by_locale = {key: estimate.count for key, estimate in tally.cells("outcome", "locale", "day").items()}
    assert [(key[0], key[1], str(key[2]), count) for key, count in by_locale.items()] == [
        ("goes", "sl", "2026-02-25", 3), ("goes", "en", "2026-02-26", 1), ("left_out", "sl", "2026-02-25", 1),
    ]
    (why,) = [key[0] for key in tally.cells("why") if key[0]]
    assert why == "suppressed: no_consent"


def test_two_sides_are_told_apart_and_a_renamed_campaign_stands_under_one_name() -> None:
    before, after = a_tally(*to(1, 2)), a_tally(*(replace(touch, campaign="wishes") for touch in to(1, 2, 3)))
    renamed = Tally(sample=before.sample, names={"birthday": "wishes"})
    for touch in to(1, 2):
        renamed.add(Line(touch=touch, contact=None))
    (row,) = side_by_side(renamed, after, ["campaign"])
    assert (row.keys["campaign"], row.before.count, row.after.count, row.difference) == ("wishes", 2, 3, 1)


def test_what_waits_for_people_is_told_with_its_reason() -> None:
    tally = a_tally()
    tally.hold(Holding(campaign="news", message="news", reason="approval", contact_id=4))
    assert list(tally.cells("campaign", "why")) == [("news", "held: approval")]


def test_a_sample_is_scaled_and_bounded() -> None:
    (estimate,) = a_tally(*to(*range(50)), looked_at=500, people=10_000).cells("campaign").values()
    assert estimate.count == 1000
    assert (estimate.low, estimate.high) == (767, 1294)


def test_the_bounds_are_wilsons() -> None:
    assert wilson(0, 100) == pytest.approx((0.0, 0.03699), abs=1e-4)
    assert wilson(50, 100) == pytest.approx((0.40383, 0.59617), abs=1e-4)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    people, hits = 2_000, 200
    held = 0
    for number in range(200):
        looked_at = [one for one in range(people) if is_in(one, Fraction(1, 10), "sample", str(number))]
        found = to(*(one for one in looked_at if one < hits))
        (estimate,) = a_tally(*found, looked_at=len(looked_at), people=people).cells("campaign").values()
        held += estimate.low <= hits <= estimate.high
    assert held >= 180
