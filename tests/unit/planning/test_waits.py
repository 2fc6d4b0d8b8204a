"""When waits end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from engage.model.contact import Value
from engage.model.expression import Constant, Expression
from engage.model.steps import WaitUntilMoment, WaitUntilTime
from engage.model.time import Duration
from engage.model.triggers import DayOff
from engage.planning.waiting import wait_until_moment, wait_until_time
from tests.builders import HERE, zones

WORKING: Any = "working"
MON, FRI = frozenset({0}), frozenset({4})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("step", "now", "until"), [
    pytest.param({}, "2026-03-02T07:00", "2026-03-02T08:00", id="later today"),
    pytest.param({}, "2026-03-02T08:00", "2026-03-02T08:00", id="this very moment"),
    pytest.param({}, "2026-03-02T08:01", "2026-03-03T08:00", id="tomorrow"),
    pytest.param({}, "2026-03-28T12:00", "2026-03-29T07:00", id="over a change of the clock"),
    pytest.param({"at": time(2, 30)}, "2026-03-28T12:00", "2026-03-29T01:30", id="an hour that the clock skips"),
    pytest.param({"days": MON}, "2026-03-03T07:00", "2026-03-09T08:00", id="a day by name"),
    pytest.param({"days": WORKING}, "2026-03-06T12:00", "2026-03-09T08:00", id="working days: over the weekend"),
    pytest.param({"days": WORKING}, "2026-04-30T12:00", "2026-05-04T07:00", id="over holidays and the weekend"),
    pytest.param({"days": FRI, "day_off": DayOff.AFTER}, "2026-04-28T12:00", "2026-05-04T07:00", id="a day off moves it on"),
    pytest.param({"days": FRI, "day_off": DayOff.BEFORE}, "2026-04-28T12:00", "2026-04-30T07:00", id="or back"),
    pytest.param({"days": FRI, "day_off": DayOff.BEFORE}, "2026-04-30T12:00", "2026-05-08T07:00", id="but not into the past"),
])
def test_a_wait_for_an_hour_ends_at_its_first_match(step: dict[str, Any], now: str, until: str) -> None:
    wait = WaitUntilTime(**{"path": "0", "place": HERE, "at": time(9), **step})
    assert wait_until_time(wait, now=utc(now), zones=zones("Europe/Ljubljana"), country="SI") == utc(until)


def test_where_several_zones_may_be_meant_the_hour_must_have_come_in_all() -> None:
    wait = WaitUntilTime(path="0", place=HERE, at=time(9))
    america = zones("America/New_York", "Pacific/Honolulu")
    assert wait_until_time(wait, now=utc("2026-03-02T15:00"), zones=america, country="US") == utc("2026-03-02T19:00")


def test_a_wait_for_no_day_at_all_is_an_error() -> None:
    wait = WaitUntilTime(path="0", place=HERE, at=time(9), days=frozenset())
    with pytest.raises(ValueError, match="no day"):
        wait_until_time(wait, now=utc("2026-03-02T15:00"), zones=zones("UTC"), country=None)


NOW = utc("2026-03-02T12:00")


@pytest.mark.parametrize(("value", "step", "until"), [
    pytest.param(utc("2026-03-30T08:00"), {}, "2026-03-30T08:00", id="a date-time"),
    pytest.param(utc("2026-03-30T08:00"), {"offset": Duration(seconds=-86400)}, "2026-03-29T08:00", id="24 hours before"),
    pytest.param(utc("2026-03-30T00:30"), {"offset": Duration(days=-1)}, "2026-03-29T01:30", id="a day before, into a gap"),
    pytest.param(utc("2026-03-30T08:00"), {"offset": Duration(days=-1), "at": time(10)}, "2026-03-29T08:00", id="an hour, a day before"),
    pytest.param(date(2026, 3, 30), {}, "2026-03-29T22:00", id="a date: its first moment"),
    pytest.param(date(2026, 3, 31), {"offset": Duration(months=-1), "at": time(10)}, "2026-02-28T09:00", id="a month before, clamped"),
    pytest.param(date(2026, 3, 30), {"at": time(10)}, "2026-03-30T08:00", id="a date at an hour"),
    pytest.param(date(2026, 3, 30), {"offset": Duration(seconds=-3600), "at": time(10)}, "2026-03-30T07:00", id="an hour before that"),
    pytest.param(date(2026, 1, 1), {}, "2025-12-31T23:00", id="what has passed is told as it is"),
    pytest.param(None, {}, "2026-03-02T12:00", id="missing: at once"),
    pytest.param("tomorrow", {}, "2026-03-02T12:00", id="no date: at once"),
])
def test_a_wait_for_a_moment_ends_then(value: Value, step: dict[str, Any], until: str) -> None:
    wait = WaitUntilMoment(path="0", place=HERE, until=Expression(source="x", place=HERE, root=Constant(value=None, kind=None)), **step)
    assert wait_until_moment(wait, value, now=NOW, zones=zones("Europe/Ljubljana")) == utc(until)
