"""A deferral is later than now, outside quiet hours, and the earliest such moment: against a scan of every minute."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.localtime import zone
from engage.model.quiet_hours import QuietHours
from engage.policy.quiet_hours import Rules, next_allowed, quiet_rule, rules_of
from tests.property.turns import TURNS

MINUTE = timedelta(minutes=1)

quarters = st.builds(lambda number: time(number // 4, number % 4 * 15), st.integers(0, 95))


@st.composite
def situations(draw: st.DrawFn) -> tuple[datetime, Rules, tuple[ZoneInfo, ...]]:
    """A moment near a change of a clock, the quiet hours of one to three layers, and one zone or two."""
    place, turn = draw(st.sampled_from(TURNS))
    now = datetime.fromisoformat(turn).replace(tzinfo=UTC) + draw(st.integers(-36 * 60, 24 * 60)) * MINUTE
    windows = draw(st.lists(st.tuples(quarters, quarters).filter(lambda ends: ends[0] != ends[1]), min_size=1, max_size=3))
    layers = [QuietHours(start=start, end=end) for start, end in windows[:1]]
    layers += [QuietHours(days_off=draw(st.frozensets(st.integers(0, 6), max_size=2)))]
    rules = rules_of(layers, country=None, transactional=False)
    for start, end in windows[1:]:
        rules += rules_of([QuietHours(start=start, end=end)], country=None, transactional=False)
    second = draw(st.sampled_from([None, "Asia/Tashkent", "America/Chicago", "Europe/Kyiv"]))
    return now, rules, (zone(place), *((zone(second),) if second else ()))


def is_quiet(moment: datetime, rules: Rules, zones: tuple[ZoneInfo, ...]) -> bool:
    """By the rules' own words, one wall time after the other."""
    for place in zones:
        wall = moment.astimezone(place)
        for rule in rules:
            if wall.weekday() in rule.days_off:
                return True
            if rule.start is None or rule.end is None:
                continue
            clock = wall.time()
            over_midnight = rule.start > rule.end
            if (clock >= rule.start or clock < rule.end) if over_midnight else rule.start <= clock < rule.end:
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(situations())
def test_the_next_moment_is_the_earliest_that_is_not_quiet(situation: tuple[datetime, Rules, tuple[ZoneInfo, ...]]) -> None:
    now, rules, zones = situation
    found = next_allowed(now, rules, zones, until=now + timedelta(days=3))
    scan = (now + number * MINUTE for number in range(3 * 24 * 60))
    assert found == next((moment for moment in scan if not is_quiet(moment, rules, zones)), found if _far(found, now) else None)
    if found is not None:
        assert found >= now
        assert quiet_rule(found, rules, zones) is None
        assert (found == now) == (quiet_rule(now, rules, zones) is None)


def _far(found: datetime | None, now: datetime) -> bool:
    """Just at the end of the scan, or beyond it."""
    return found is not None and found >= now + timedelta(days=3)
