"""Quiet hours that are never over."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from engage.model.expression import Constant, Expression
from engage.model.quiet_hours import QuietHours
from engage.model.steps import If
from engage.model.workspace import Settings
from engage.policy.impossible_hours import impossible_hours
from tests.builders import HERE, NOON, a_campaign, a_channel, a_purpose, a_send, some_settings

ZONES = {"RU": ("Europe/Kaliningrad", "Asia/Kamchatka"), "SI": ("Europe/Ljubljana",), "AQ": ()}
LONG_NIGHT = some_settings(quiet_hours=QuietHours(start=time(17), end=time(9)))


def warned(settings: Settings, *steps: Any) -> list[str]:
    found = impossible_hours(settings, [a_campaign(*steps)], countries=ZONES, zones_of_country=ZONES.__getitem__, now=NOON)
    assert all(problem.place == HERE for problem in found)
    return [problem.what.split(" quiet")[0] for problem in found]


def test_zones_whose_allowed_hours_never_meet_are_warned_of() -> None:
    assert warned(LONG_NIGHT) == ["in RU"]


def test_sends_within_a_branch_are_looked_at_too() -> None:
    condition = Expression(source="true", place=HERE, root=Constant(value=True, kind=None))
    assert warned(LONG_NIGHT, If(path="0", place=HERE, condition=condition, then=(a_send("0.then.0"),))) == ["in RU"]


@pytest.mark.parametrize("settings", [
    pytest.param(some_settings(), id="no quiet hours"),
    pytest.param(some_settings(quiet_hours=QuietHours(start=time(21), end=time(8))), id="a common night"),
    pytest.param(replace(LONG_NIGHT, purposes={"care": a_purpose(quiet_hours="ignore")}), id="hours set aside"),
    pytest.param(replace(LONG_NIGHT, channels={name: a_channel(name, to="#staff") for name in ("email", "sms")}), id="staff"),
])
def test_hours_that_come_are_not(settings: Settings) -> None:
    assert warned(settings) == []


def test_seven_days_off_never_end_anywhere() -> None:
    assert warned(some_settings(quiet_hours=QuietHours(days_off=frozenset(range(7))))) == ["in RU, SI"]
