"""Providers that answer, and all the same are there for nobody."""

from __future__ import annotations

import pytest

from engage.channels.smtp_replies import Phase, Reply, refusal
from engage.delivery.providers import SILENT_FOR
from engage.model.errors import Unavailable
from tests.unit.delivery.test_traffic import ONE, OTHER, Road, crowd, took, two_ways


@pytest.mark.parametrize("nothing", [0, 0.0])
def test_one_that_asks_for_no_time_at_all_is_not_there_like_any_other(nothing: float) -> None:
    road = Road(two_ways())
    again = Unavailable("429", code="429", retry_after=nothing, whole_provider=True)
    road.learn(ONE, again)
    assert took(road.leave(crowd(9))) == ("other", 9)
    assert road.traffic.spares(ONE, again)


def test_a_server_that_takes_nothing_for_now_hands_over_to_the_next_and_costs_no_attempt() -> None:
    road = Road(two_ways())
    full = refusal(Reply(code=452, text="4.3.1 disk full"), Phase.MAIL)
    road.learn(ONE, *[full] * 20)
    assert took(road.leave(crowd(9))) == ("other", 9)
    assert road.traffic.spares(ONE, full)
    road.learn(OTHER, None)
    assert took(road.leave(crowd(9))) == ("other", 9), "and no recipient's domain is blamed"


def test_a_silent_one_is_given_no_more_until_all_that_it_took_is_answered() -> None:
    road = Road(two_ways())
    road.traffic.fell_silent(ONE)
    road.traffic.fell_silent(ONE)
    assert took(road.leave(crowd(9))) == ("other", 9)
    assert {key: state.reason for key, state in road.traffic.waits().items()} == {ONE.key: "silent"}
    road.traffic.heard(ONE)
    assert took(road.leave(crowd(9))) == ("other", 9)
    road.traffic.heard(ONE)
    assert took(road.leave(crowd(9))) == ("one", 9)
    assert road.traffic.waits() == {}


def test_where_all_are_silent_the_decision_knows_why() -> None:
    road = Road(two_ways())
    road.traffic.fell_silent(ONE)
    road.traffic.fell_silent(OTHER)
    assert road.leave(crowd(9)) is None
    assert road.states() == {"email": (SILENT_FOR, "silent")}
