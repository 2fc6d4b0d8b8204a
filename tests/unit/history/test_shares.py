"""Intervals of shares and of their differences, against the published examples."""

from __future__ import annotations

import pytest

from engage.history.shares import Lift, Share


@pytest.mark.parametrize(("count", "of", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),  # Newcombe 1998, table I, method 3
])
def test_a_share_has_wilsons_interval(count: int, of: int, low: float, high: float) -> None:
    interval = Share(count=count, of=of).interval
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("ours", "theirs", "low", "high"), [
    ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((5, 56), (0, 29), -0.0381, 0.1926),
    ((10, 10), (0, 10), 0.6075, 1.0), ((0, 10), (0, 20), -0.1611, 0.2775),  # Newcombe 1998, table II, method 10
])
def test_a_lift_has_newcombes_interval(ours: tuple[int, int], theirs: tuple[int, int], low: float, high: float) -> None:
    lift = Lift(treated=Share(count=ours[0], of=ours[1]), held_out=Share(count=theirs[0], of=theirs[1]))
    assert lift.interval is not None
    assert lift.interval == pytest.approx((low, high), abs=1e-4)


def test_of_nobody_nothing_is_said() -> None:
    none = Share(count=0, of=0)
    lift = Lift(treated=Share(count=1, of=2), held_out=none)
    assert (none.rate, none.interval, lift.difference, lift.interval, lift.relative) == (None, None, None, None, None)
    assert Lift(treated=Share(count=1, of=2), held_out=Share(count=0, of=9)).relative is None
    assert Lift(treated=Share(count=3, of=4), held_out=Share(count=1, of=2)).relative == 0.5
