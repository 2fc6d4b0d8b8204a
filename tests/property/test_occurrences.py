"""However time is cut into windows, every day and every occurrence comes once, near each change of a clock too.

Against calendars read day by day and clocks read minute by minute, without the engine's arithmetic.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.localtime import latest, to_utc, zone
from engage.model.triggers import DateTrigger, Late, ScheduleTrigger
from engage.planning.occurrences import date_slots, late_date_slots, next_occurrence, schedule_slots
from engage.planning.slots import Residence, Slot
from tests.property.anniversaries import Anniversary, anniversaries
from tests.property.turns import MINUTE, TURNS, readings

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


@settings(max_examples=200)
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


@settings(max_examples=100)
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


@settings(max_examples=100)
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


@settings(max_examples=100)
@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.sampled_from([2026, 2027, 2028, 2100]))
def test_every_birthday_is_kept_on_one_day_a_year(born: date, year: int) -> None:
    trigger = DateTrigger(attribute="birth_date", at=time(9))
    after, until = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, tzinfo=UTC)
    found = date_slots(trigger, residences=[Residence(zone_key="UTC")], after=after, until=until, zones_of=zones_of)
    kept = [slot for slot in found if slot.match and (slot.match.month, slot.match.day) == (born.month, born.day)]
    assert len(kept) == 1


turns = st.sampled_from(TURNS)


@settings(max_examples=25)
@given(turns, st.lists(st.integers(-60 * 60, 60 * 60), min_size=1, max_size=20))
def test_a_wall_time_is_the_moment_at_which_the_clock_first_shows_it_or_as_much_later_as_it_jumped(
    turn: tuple[str, str], shifts: list[int],
) -> None:
    place, middle = zone(turn[0]), datetime.fromisoformat(turn[1]).replace(tzinfo=UTC)
    seen = readings(middle - timedelta(days=3), middle + timedelta(days=4), place)
    for shift in shifts:
        wall = (middle + shift * MINUTE).astimezone(place).replace(tzinfo=None, fold=0)
        for asked in (wall, wall + timedelta(minutes=30), wall - timedelta(hours=1)):
            assert to_utc(asked, place) == seen[asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A cron line with what it says, told apart from its text: None for a field that is `*`."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int] | None
    days: frozenset[int] | None
    weekdays: frozenset[int] | None
    last: bool

    def shows(self, wall: datetime) -> bool:
        """Whether the line comes round at a wall time, by the usual meaning of cron."""
        if wall.minute not in self.minutes or (self.hours is not None and wall.hour not in self.hours):
            return False
        length = calendar.monthrange(wall.year, wall.month)[1]
        by_day = self.days is not None and (wall.day in self.days or (self.last and wall.day == length))
        by_weekday = self.weekdays is not None and wall.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday or (self.days is None and self.weekdays is None)


def _some(low: int, high: int, most: int = 4) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(low, high), min_size=1, max_size=most)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Lists, stars, Sundays of both numbers, the last day."""
    minutes, hours = draw(_some(0, 59)), draw(st.one_of(st.none(), _some(0, 23)))
    days, weekdays = draw(st.one_of(st.none(), _some(1, 31, 9))), draw(st.one_of(st.none(), _some(0, 7)))
    last = days is not None and draw(st.booleans())
    fields = [_field(minutes), _field(hours), _field(days) + (",L" if last else ""), "*", _field(weekdays)]
    return Line(
        text=" ".join(fields), minutes=minutes, hours=hours, days=days, last=last,
        weekdays=None if weekdays is None else frozenset(day % 7 for day in weekdays),
    )


def _field(numbers: frozenset[int] | None) -> str:
    return "*" if numbers is None else ",".join(map(str, numbers))


@settings(max_examples=80)
@given(turns, lines(), st.integers(-36, 12), st.integers(1, 60))
def test_a_schedule_comes_at_the_minutes_at_which_a_clock_that_is_watched_first_shows_them(
    turn: tuple[str, str], line: Line, start: int, hours: int,
) -> None:
    place = zone(turn[0])
    after = datetime.fromisoformat(turn[1]).replace(tzinfo=UTC) + timedelta(hours=start)
    until = after + timedelta(hours=hours)
    trigger = ScheduleTrigger(cron=line.text, zone=turn[0])
    found = [slot.at for slot in schedule_slots(trigger, residences=(), after=after, until=until, zones_of=zones_of)]
    seen = readings(after, until, place)
    assert found == sorted({at for wall, at in seen.items() if line.shows(wall) and after < at <= until})


@settings(max_examples=120)
@given(anniversaries(), st.integers(0, 1000), st.integers(1, 120))
def test_a_date_enters_on_the_days_that_its_rules_name_and_on_no_others(case: Anniversary, start: int, length: int) -> None:
    first = date(2026, 1, 1) + timedelta(days=start)
    last = first + timedelta(days=length)
    found = date_slots(
        case.trigger, residences=[Residence(zone_key="UTC", country=case.country)], zones_of=zones_of,
        after=datetime.combine(first, time(), UTC), until=datetime.combine(last, time(23), UTC),
    )
    assert sorted(slot.at.date() for slot in found if _is_of(slot, case.stored)) == sorted(day for _, day in case.entries(first, last))


def _is_of(slot: Slot, stored: date) -> bool:
    """Whether the slot is about a stored date, as a store reads its match."""
    match = slot.match
    return (
        match is not None and (match.month, match.day) == (stored.month, stored.day) and match.year in (None, stored.year)
        and match.base_year - stored.year >= max(0, match.min_years)
    )


MOMENT = datetime.fromisoformat("2026-03-29T02:30")
AROUND = st.sampled_from(["Europe/Ljubljana", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/New_York"])


@settings(max_examples=80)
@given(st.lists(AROUND, min_size=1, max_size=4, unique=True), st.integers(-200, 200), st.sampled_from(list(Late)), st.integers(1, 40))
def test_a_broadcast_that_goes_live_at_any_moment_comes_to_each_place_as_late_says(
    places: list[str], quarter: int, late: Late, step: int,
) -> None:
    live = MOMENT.replace(tzinfo=UTC) + quarter * QUARTER
    residences = [Residence(zone_key=place) for place in places]
    edges = [live + number * step * QUARTER for number in range(-3, 400 // step + 2)]
    trigger = ScheduleTrigger(moments=(MOMENT,), late=late)
    found: dict[str, set[datetime]] = {place: set() for place in places}
    for after, until in pairwise(edges):
        for slot in schedule_slots(trigger, residences=residences, after=after, until=until, zones_of=zones_of, went_live=live):
            assert slot.residence is not None
            found[slot.residence.zone_key].add(slot.at)
    is_that_day = any(live.astimezone(zone(place)).date() <= MOMENT.date() for place in places)
    for place in places:
        hour, next_hour = (to_utc(MOMENT + timedelta(days=days), zone(place)) for days in (0, 1))
        if hour >= live:
            assert found[place] == {hour}
        elif late is Late.SKIP or not is_that_day:
            assert found[place] == set()
        else:
            assert found[place] == {live if late is Late.NOW else next_hour if next_hour > live else next_hour + timedelta(days=1)}


@settings(max_examples=80)
@given(anniversaries(), st.integers(0, 1000), st.integers(0, 95))
def test_who_is_imported_late_enters_for_every_date_that_has_not_ended_and_whose_hour_has_come(
    case: Anniversary, start: int, quarter: int,
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=start) + quarter * QUARTER
    found = late_date_slots(
        case.trigger, residences=[Residence(zone_key="UTC", country=case.country)], changed_since=now, now=now, zones_of=zones_of,
    )
    expected = [
        entry for occurrence, entry in case.entries(now.date() - timedelta(days=40), now.date() + timedelta(days=60))
        if occurrence >= now.date() and datetime.combine(entry, time(9), UTC) <= now
    ]
    assert sorted(slot.at.date() for slot in found if _is_of(slot, case.stored)) == sorted(expected)
