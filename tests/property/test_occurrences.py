"""However time is cut into windows, every day and every occurrence comes once, near each change of a clock too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.localtime import latest, zone
from engage.model.triggers import DateTrigger, ScheduleTrigger
from engage.planning.occurrences import date_slots, next_occurrence, schedule_slots
from engage.planning.ports import Residence
from tests.property.turns import TURNS

PLACES = {"*two": ("America/New_York", "Pacific/Honolulu"), "*near": ("Asia/Tashkent", "Asia/Samarkand")}
QUARTER = timedelta(minutes=15)

quarters = st.builds(lambda number: time(number // 4, number % 4 * 15), st.integers(0, 95))


def zones_of(key: str) -> tuple[str, ...]:
    return PLACES.get(key, (key,))


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, list[datetime]]:
    """A place, and the edges of windows of a quarter of an hour to three days around a change of its clock."""
    place, turn = draw(st.sampled_from([*TURNS, *((key, "2026-03-08T07:00") for key in PLACES)]))
    start = datetime.fromisoformat(turn).replace(tzinfo=UTC) + draw(st.integers(-200, 20)) * QUARTER
    lengths = draw(st.lists(st.sampled_from([1, 2, 4, 4, 20, 96, 300]), min_size=1, max_size=8))
    edges = [start]
    for length in lengths:
        edges.append(edges[-1] + length * QUARTER)
    return place, edges


def all_days(place: str, at: time, edges: list[datetime]) -> list[tuple[datetime, str]]:
    """Every day of a month around, one by one, by the definition alone."""
    zones = [zone(name) for name in zones_of(place)]
    first = edges[0].date() - timedelta(days=5)
    days = (first + timedelta(days=number) for number in range((edges[-1].date() - first).days + 6))
    moments = ((latest(datetime.combine(day, at), zones), day.isoformat()) for day in days)
    return sorted((moment, day) for moment, day in moments if edges[0] < moment <= edges[-1])


@settings(max_examples=200, deadline=None)
@given(windows(), quarters)
def test_each_local_day_enters_once_at_its_hour(case: tuple[str, list[datetime]], at: time) -> None:
    place, edges = case
    trigger = DateTrigger(attribute="birth_date", at=at)
    found = {
        (slot.at, str(slot.trigger["date"]))
        for after, until in pairwise(edges)
        for slot in date_slots(trigger, residences=[Residence(zone_key=place)], after=after, until=until, zones_of=zones_of)
    }
    assert sorted(found) == all_days(place, at, edges)


@settings(max_examples=100, deadline=None)
@given(windows(), quarters)
def test_a_daily_schedule_comes_every_moment_that_a_date_would(case: tuple[str, list[datetime]], at: time) -> None:
    place, edges = case
    trigger = ScheduleTrigger(cron=f"{at.minute} {at.hour} * * *")
    found = [
        slot.at
        for after, until in pairwise(edges)
        for slot in schedule_slots(trigger, residences=[Residence(zone_key=place)], after=after, until=until, zones_of=zones_of)
    ]
    assert found == sorted({moment for moment, _ in all_days(place, at, edges)})


@settings(max_examples=100, deadline=None)
@given(windows(), quarters)
def test_who_jumps_from_one_next_occurrence_to_the_next_passes_none_by(case: tuple[str, list[datetime]], at: time) -> None:
    place, edges = case
    for trigger in (DateTrigger(attribute="birth_date", at=at), ScheduleTrigger(cron=f"{at.minute} {at.hour} * * *")):
        visited, now = [], edges[0]
        while True:
            moment = next_occurrence(trigger, residences=[Residence(zone_key=place)], after=now, zones_of=zones_of)
            assert moment is not None
            assert moment > now
            if moment > edges[-1]:
                break
            visited.append(moment)
            now = moment
        assert visited == sorted({moment for moment, _ in all_days(place, at, edges)})


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.sampled_from([2026, 2027, 2028, 2100]))
def test_every_birthday_is_kept_on_one_day_a_year(born: date, year: int) -> None:
    trigger = DateTrigger(attribute="birth_date", at=time(9))
    after, until = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, tzinfo=UTC)
    found = date_slots(trigger, residences=[Residence(zone_key="UTC")], after=after, until=until, zones_of=zones_of)
    kept = [slot for slot in found if slot.match and (slot.match.month, slot.match.day) == (born.month, born.day)]
    assert len(kept) == 1
