"""When a campaign must stop: shares of its last messages, and nothing concluded from few."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engage.feedback.guarding import Tally, too_many
from engage.model.history import Kind

STOP_AT = {Kind.BOUNCED: Fraction(5, 100), Kind.COMPLAINED: Fraction(3, 1000)}


@pytest.mark.parametrize(("messages", "bounced", "complained", "stops"), [
    (1000, 49, 0, False), (1000, 50, 0, True), (1000, 0, 2, False), (1000, 0, 3, True),
    (100, 5, 0, True), (100, 4, 0, False), (99, 99, 9, False), (100, 0, 1, False), (100, 0, 2, True), (0, 0, 0, False),
])
def test_a_campaign_stops_at_its_share(messages: int, bounced: int, complained: int, stops: bool) -> None:
    tally = Tally(messages=messages, came_back={Kind.BOUNCED: bounced, Kind.COMPLAINED: complained})
    assert (too_many(tally, STOP_AT) is not None) is stops


def test_the_reason_is_told_in_figures() -> None:
    tally = Tally(messages=1000, came_back={Kind.COMPLAINED: 3})
    assert too_many(tally, STOP_AT) == "stop_at: 3 of its last 1000 messages were complained of (0.3% or more)"


def test_a_single_complaint_stops_a_campaign_where_the_share_says_so_of_all_its_last_messages() -> None:
    strict = {Kind.COMPLAINED: Fraction(1, 1000)}
    assert too_many(Tally(messages=1000, came_back={Kind.COMPLAINED: 1}), strict) is not None
    assert too_many(Tally(messages=999, came_back={Kind.COMPLAINED: 1}), strict) is None


def test_what_is_not_guarded_never_stops() -> None:
    assert too_many(Tally(messages=1000, came_back={Kind.BOUNCED: 900}), {Kind.COMPLAINED: Fraction(1, 2)}) is None
