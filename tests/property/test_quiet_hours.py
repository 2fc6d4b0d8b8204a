"""A deferral is later than now, outside quiet hours, and the earliest such moment: against a scan of every minute.

The scan knows the layers only as people write them: its own reading of them stands here, apart from the engine's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from holidays import country_holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.campaign import Limit, Per
from engage.model.delivery import Approved, Deferred, Facts, HandOff, Refused
from engage.model.localtime import zone, zone_names
from engage.model.quiet_hours import CountryHours, QuietHours, QuietHoursLayer
from engage.model.time import Zones, ZoneSource
from engage.policy import decide
from engage.policy.quiet_hours import next_allowed, quiet_rule, rules_of
from tests.builders import a_campaign, a_contact, a_purpose, an_intent, some_settings
from tests.property.turns import MINUTE, TURNS

WEEKENDS = {"SI": {5, 6}, "FR": {5, 6}, "SA": {4, 5}, "IR": {4}, "AF": {3, 4}, "IN": {6}, "JP": {5, 6}, "GB": {5, 6}, None: {5, 6}}
HOLIDAYS: dict[tuple[str, int], Any] = {}
PLACES = sorted(zone_names())
SECOND_PLACES = [None, None, "Asia/Tashkent", "America/Chicago", "Europe/Kyiv", "Australia/Eucla"]
SCAN = timedelta(days=2)

quarters = st.builds(lambda number: time(number // 4, number % 4 * 15), st.integers(0, 95))
windows = st.tuples(quarters, quarters).filter(lambda ends: ends[0] != ends[1])
rests = st.sampled_from([None, None, "weekend", frozenset({4}), frozenset({0, 6}), frozenset()])
holidays = st.sampled_from([None, None, True, False])
years = st.sampled_from([1985, 2004, 2018, 2026, 2027, 2031])
days = st.builds(lambda year, day: f"{date(year, 1, 1) + timedelta(days=day)}", years, st.integers(0, 363))
anywhere = st.tuples(st.sampled_from(PLACES), days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A moment, where the contact may live, and what was written of quiet hours."""

    now: datetime
    zones: tuple[ZoneInfo, ...]
    country: str | None
    layers: tuple[QuietHoursLayer, ...]
    transactional: bool


@st.composite
def layers(draw: st.DrawFn, country: str | None) -> QuietHoursLayer:
    """One layer, whose keys may each be missing; a window's ends are told together, so that the layers always make a window."""
    start, end = draw(st.one_of(st.just((None, None)), windows))
    law = {}
    if country is not None and draw(st.integers(0, 3)) == 0:
        first, last = draw(windows)
        law = {country: CountryHours(start=first, end=last, days_off=draw(rests), holidays=draw(holidays)), "XX": CountryHours(end=time(9))}
    return QuietHours(start=start, end=end, days_off=draw(rests), holidays=draw(holidays), by_country=law)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any moment anywhere, or one near a change of a clock; up to three layers; one zone or two."""
    place, moment = draw(st.one_of(st.sampled_from(TURNS), st.sampled_from(TURNS), anywhere))
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC, microsecond=0)
    now += draw(st.integers(-36 * 60, 24 * 60)) * MINUTE + timedelta(seconds=draw(st.sampled_from([0, 0, 1, 59])))
    country = draw(st.sampled_from(list(WEEKENDS)))
    night = QuietHours(start=time(21), end=time(8))
    written = [draw(st.one_of(st.just(night), layers(country)))]
    written += draw(st.lists(st.one_of(st.just("ignore"), st.none(), layers(country), layers(country)), max_size=2))
    second = draw(st.sampled_from(SECOND_PLACES))
    zones = (zone(place), *((zone(second),) if second else ()))
    return Situation(now=now, zones=zones, country=country, layers=tuple(written), transactional=draw(st.booleans()))


Window = QuietHours | CountryHours


def windows_of(case: Situation) -> list[Window]:
    """What the contract says, word by word: the last word of each key, and the law of every layer."""
    said: list[Window] = [_last_said(case.layers)]
    for number, one in enumerate(case.layers):
        ignored = case.transactional and "ignore" in case.layers[number:]
        if isinstance(one, QuietHours) and case.country in one.by_country and not ignored:
            said.append(one.by_country[case.country])
    return said


def is_quiet(moment: datetime, case: Situation, windows: Sequence[Window]) -> bool:
    """Whether any of the windows holds at the moment, wherever the contact may live."""
    return any(_is_within(moment.astimezone(place), window, case.country) for place in case.zones for window in windows)


def _last_said(layers: Sequence[QuietHoursLayer]) -> QuietHours:
    """Each key as the last layer that has it says; nothing before an `ignore` counts."""
    said: dict[str, Any] = {}
    for one in layers:
        if one == "ignore":
            said = {}
        elif isinstance(one, QuietHours):
            keys = {"start": one.start, "end": one.end, "days_off": one.days_off, "holidays": one.holidays}
            said |= {key: value for key, value in keys.items() if value is not None}
    return QuietHours(**said)


def _is_within(wall: datetime, window: Window, country: str | None) -> bool:
    resting = WEEKENDS[country] if window.days_off == "weekend" else window.days_off or ()
    if wall.weekday() in resting or (window.holidays and _is_holiday(wall, country)):
        return True
    if window.start is None or window.end is None:
        return False
    clock, start, end = wall.time(), window.start, window.end
    return start <= clock < end if start < end else clock >= start or clock < end


def _is_holiday(wall: datetime, country: str | None) -> bool:
    if country is None:
        return False
    if (country, wall.year) not in HOLIDAYS:
        HOLIDAYS[country, wall.year] = frozenset(country_holidays(country, years=wall.year))
    return wall.date() in HOLIDAYS[country, wall.year]


def earliest(case: Situation, upto: timedelta = SCAN) -> datetime | None:
    """The first of `now` and the full minutes after it that is not quiet; None where the scan ends first."""
    moment, end, windows = case.now, case.now + upto, windows_of(case)
    while moment <= end:
        if not is_quiet(moment, case, windows):
            return moment
        moment = moment.replace(second=0) + MINUTE
    return None


@settings(max_examples=120)
@given(situations())
def test_the_next_moment_is_the_earliest_that_is_not_quiet(case: Situation) -> None:
    rules = rules_of(case.layers, country=case.country, transactional=case.transactional)
    found = next_allowed(case.now, rules, case.zones, until=case.now + SCAN)
    assert found == earliest(case)
    if found is not None:
        assert found >= case.now
        assert not is_quiet(found, case, windows_of(case))
        assert quiet_rule(found, rules, case.zones) is None
    assert (found == case.now) == (quiet_rule(case.now, rules, case.zones) is None)


@settings(max_examples=40)
@given(situations())
def test_the_decision_defers_to_that_moment_or_lets_it_expire(case: Situation) -> None:
    names = tuple(place.key for place in case.zones)
    contact = a_contact(country=case.country)
    contact = type(contact)(id=1, attributes=contact.attributes, zones=Zones(key=names[0], names=names, source=ZoneSource.CONTACT))
    first, *others = case.layers
    decision = decide(
        an_intent(
            intended_at=case.now, due_at=case.now, expires_at=case.now + SCAN, quiet_hours=tuple(others),
            purpose="service" if case.transactional else "care",
        ),
        Facts(contact=contact), now=case.now, settings=some_settings(quiet_hours=first), campaign=a_campaign(),
    )
    expected = earliest(case, SCAN - MINUTE / 60)
    match decision:
        case Approved():
            assert expected == case.now
        case Deferred():
            assert case.now < decision.until == expected
            assert decision.reason == "quiet_hours"
        case _:
            assert isinstance(decision, Refused)
            assert (decision.reason, expected) == ("expired", None)


@settings(max_examples=40)
@given(
    st.sampled_from([turn for turn in TURNS if turn[0] != "America/St_Johns"]), st.sampled_from(list(Per)), st.integers(1, 2),
    st.lists(st.integers(-50 * 60, 0), min_size=1, max_size=3), st.integers(-24 * 60, 24 * 60),
)
def test_a_full_limit_has_room_with_the_first_minute_of_the_next_local_day_week_or_month(
    turn: tuple[str, str], per: Per, count: int, ago: list[int], shift: int,
) -> None:
    """By reading the calendar of each minute. A day that a clock gave up and came back to (Newfoundland, 2010) is not scanned."""
    place = zone(turn[0])
    now = datetime.fromisoformat(turn[1]).replace(tzinfo=UTC) + shift * MINUTE
    sent = [now + number * MINUTE for number in ago]
    facts = Facts(contact=a_contact(zone=turn[0]), hand_offs=tuple(
        HandOff(at=at, campaign="birthday", purpose="care", delivery_id=number + 100) for number, at in enumerate(sent)
    ))
    limited = some_settings(purposes={"care": a_purpose(limits=(Limit(count=count, per=per),))})
    intent = an_intent(intended_at=now, due_at=now, expires_at=now + timedelta(days=40))
    decision = decide(intent, facts, now=now, settings=limited, campaign=a_campaign())
    found = decision.until if isinstance(decision, Deferred) else now
    used = Counter(_period(at.astimezone(place), per) for at in sent)

    def has_room(moment: datetime) -> bool:
        return used[_period(moment.astimezone(place), per)] < count

    assert has_room(found)
    assert isinstance(decision, Approved) == has_room(now)
    moment = max(now, found - timedelta(days=2))  # nearer than that everything is looked at
    while moment < found:
        assert not has_room(moment)
        moment += MINUTE


def _period(wall: datetime, per: Per) -> tuple[int, ...]:
    match per:
        case Per.DAY:
            return wall.year, wall.month, wall.day
        case Per.WEEK:
            return wall.isocalendar()[:2]
        case Per.MONTH:
            return wall.year, wall.month
