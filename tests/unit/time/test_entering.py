"""Entering as tables: on which moments (UTC) a trigger, written as in a campaign file, lets a contact in."""

from __future__ import annotations

from datetime import date

from engage.model.cron import Cron
from engage.planning.occurrences import date_slots, late_date_slots, schedule_slots
from engage.planning.slots import Residence, Slot
from engage.planning.whereabouts import SHORTEST
from tests.unit.time.tables import date_trigger, schedule_trigger, shown, stretch, table, utc

SEVERAL = {"*US": ("America/New_York", "Pacific/Honolulu"), "*AU": ("Australia/Sydney", "Australia/Eucla", "Australia/Perth")}


def zones_of(key: str) -> tuple[str, ...]:
    return SEVERAL.get(key, (key,))


def residence(place: str) -> Residence:
    """`Europe/Ljubljana SI`, or a zone alone."""
    zone_key, _, country = place.partition(" ")
    return Residence(zone_key=zone_key, country=country or None)


def is_about(slot: Slot, stored: date) -> bool:
    """Whether a store would let a contact with that date in: the day, the month and the years that have passed."""
    match = slot.match
    return (
        match is not None and (match.month, match.day) == (stored.month, stored.day) and match.year in (None, stored.year)
        and match.base_year - stored.year >= max(0, match.min_years)
    )


@table("""
stored     | trigger                       | place               | during                   | enters                                             | why
1992-02-29 |                               | Europe/Ljubljana    | 2027                     | 02-28 08:00                                        | a leap day in a common year: the 28th
1992-02-29 | leap_day: mar-01              | Europe/Ljubljana    | 2027                     | 03-01 08:00                                        | or the 1st of March
1992-02-29 | leap_day: skip                | Europe/Ljubljana    | 2027                     |                                                    | or not at all
1992-02-29 |                               | Europe/Ljubljana    | 2028                     | 02-29 08:00                                        | in a leap year the day itself, once
1992-02-29 | leap_day: mar-01              | Europe/Ljubljana    | 2028                     | 02-29 08:00                                        | whatever the rule
1992-02-29 | leap_day: skip                | Europe/Ljubljana    | 2028                     | 02-29 08:00                                        | also where it skips other years
1992-02-29 |                               | Europe/Ljubljana    | 2100                     | 02-28 08:00                                        | 2100 is no leap year
1992-02-29 | leap_day: mar-01              | Europe/Ljubljana    | 2100                     | 03-01 08:00                                        | by the other rule neither
1992-02-29 | leap_day: skip                | Europe/Ljubljana    | 2097 to 2104             | 02-29 08:00                                        | eight years without a leap day
2000-02-29 | offset: 1d                    | UTC                 | 2027                     | 03-01 09:00                                        | the rule comes before the offset
2000-02-29 | offset: 1d, leap_day: mar-01  | UTC                 | 2027                     | 03-02 09:00                                        | by either rule
2000-03-01 | offset: -1d                   | UTC                 | 2027-02-01 to 2028-02-29 | 02-28 09:00                                        | the day before the 1st of March
2000-03-01 | offset: -1d                   | UTC                 | 2028-02-01 to 12-31      | 02-29 09:00                                        | is the leap day where there is one
2000-01-02 | offset: -3d                   | UTC                 | 2026-12-01 to 2027-01-31 | 12-30 09:00                                        | an offset over the end of the year
2000-05-20 | offset: 2w                    | UTC                 | 2026                     | 06-03 09:00                                        | weeks after
2025-05-31 | repeat: monthly               | UTC                 | 2026-01-15 to 05-15      | 01-31 09:00, 02-28 09:00, 03-31 09:00, 04-30 09:00 | monthly on the 31st takes the last day
2025-05-30 | repeat: monthly               | UTC                 | 2026-02-01 to 03-31      | 02-28 09:00, 03-30 09:00                           | monthly on the 30th
2025-05-29 | repeat: monthly               | UTC                 | 2026-02-01 to 03-31      | 02-28 09:00, 03-29 09:00                           | monthly on the 29th
2025-05-29 | repeat: monthly               | UTC                 | 2028-02-01 to 03-15      | 02-29 09:00                                        | in a leap year the 29th itself
2026-02-10 | repeat: monthly               | UTC                 | 2026-01-01 to 04-01      | 02-10 09:00, 03-10 09:00                           | from the date itself on
2026-02-10 | repeat: monthly, min_years: 1 | UTC                 | 2026-01-01 to 2027-03-01 | 02-10 09:00                                        | a year later
2026-03-02 | repeat: once                  | UTC                 | 2025 to 2027             | 03-02 09:00                                        | once
2026-03-02 | repeat: once, offset: -3d     | UTC                 | 2025 to 2027             | 02-27 09:00                                        | once, some days ahead
2026-03-02 |                               | UTC                 | 2025 to 2027             | 03-02 09:00, 03-02 09:00                           | the day of birth itself is an anniversary, of no years
2026-03-02 | min_years: 1                  | UTC                 | 2025 to 2027             | 03-02 09:00                                        | unless one must have passed
2008-03-02 | min_years: 18                 | UTC                 | 2025 to 2026             | 03-02 09:00                                        | the day of coming of age
1990-03-07 | day_off: after                | Europe/Ljubljana SI | 2026                     | 03-09 08:00                                        | a Saturday, moved to Monday
1990-03-07 | day_off: before               | Europe/Ljubljana SI | 2026                     | 03-06 08:00                                        | or to Friday
1990-03-06 | day_off: after                | Asia/Riyadh SA      | 2026                     | 03-08 06:00                                        | where the weekend is Friday and Saturday: to Sunday
1990-10-16 | day_off: before               | Asia/Tehran IR      | 2026-10-01 to 10-31      | 10-15 05:30                                        | where it is Friday alone: to Thursday
1990-10-17 | day_off: before               | Asia/Tehran IR      | 2026-10-01 to 10-31      | 10-17 05:30                                        | and Saturday is a working day
1990-12-25 | day_off: after                | Europe/London GB    | 2026-06-01 to 2027-03-01 | 12-29 09:00                                        | over Christmas and Boxing Day's substitute
1990-12-25 | day_off: after                | Europe/London GB    | 2027-06-01 to 2028-03-01 | 12-29 09:00                                        | over two substitutes
1990-05-03 | day_off: after                | Asia/Tokyo JP       | 2026                     | 05-07 00:00                                        | over Golden Week, whose Sunday has its substitute on Wednesday
1990-09-22 | day_off: before               | Asia/Tokyo JP       | 2026                     | 09-18 00:00                                        | before a silver week: the day between two holidays is one
1990-03-09 | offset: -2d, day_off: before  | Europe/Ljubljana SI | 2026                     | 03-06 08:00                                        | the offset first, then the day off
1990-03-29 | at: 02:30                     | Europe/Ljubljana    | 2026                     | 03-29 01:30                                        | at an hour that the clock skips
1990-10-25 | at: 02:30                     | Europe/Ljubljana    | 2026                     | 10-25 00:30                                        | at one that comes twice
1990-03-29 | at: 00:00                     | Asia/Beirut         | 2026                     | 03-28 22:00                                        | at a midnight that does not exist
1990-12-30 |                               | Pacific/Apia        | 2011-06-01 to 2012-06-01 | 12-30 19:00                                        | on a day that does not exist
1990-02-28 |                               | Pacific/Kiritimati  | 2026                     | 02-27 19:00                                        | where the day comes first
1990-02-28 |                               | America/Los_Angeles | 2026                     | 02-28 17:00                                        | and where it comes late
1990-02-28 |                               | *US                 | 2026                     | 02-28 19:00                                        | of several zones, once nine has come in all
1990-12-15 |                               | America/Vancouver   | 2026                     | 12-15 16:00                                        | by the law of 2026
""")
def test_a_date_enters_then(stored: str, trigger: str, place: str, during: str, enters: str) -> None:
    after, until = stretch(during)
    found = date_slots(date_trigger(trigger), residences=[residence(place)], after=after, until=until, zones_of=zones_of)
    assert ", ".join(shown(slot.at, "%m-%d %H:%M") for slot in found if is_about(slot, date.fromisoformat(stored))) == enters


@table("""
stored     | trigger         | place               | now              | enters           | why
1990-03-02 |                 | Europe/Ljubljana    | 2026-03-02 07:59 |                  | imported before the hour: enters with the others
1990-03-02 |                 | Europe/Ljubljana    | 2026-03-02 15:00 | 2026-03-02 08:00 | imported after it: as if it had been there
1990-03-02 |                 | Europe/Ljubljana    | 2026-03-02 22:59 | 2026-03-02 08:00 | up to the day's last minute
1990-03-02 |                 | Europe/Ljubljana    | 2026-03-02 23:00 |                  | and not after it
1990-03-02 |                 | Pacific/Pago_Pago   | 2026-03-03 10:59 | 2026-03-02 20:00 | where the day ends late
1990-03-05 | offset: -3d     | Europe/Ljubljana    | 2026-03-04 15:00 | 2026-03-02 08:00 | ahead of the date, until the date ends
1990-03-02 | offset: 3d      | Europe/Ljubljana    | 2026-03-06 15:00 |                  | after the date: never late
1990-02-29 |                 | Europe/Ljubljana    | 2027-02-28 15:00 |                  | a date that never was
1992-02-29 |                 | Europe/Ljubljana    | 2027-02-28 15:00 | 2027-02-28 08:00 | the day that stands for the leap day
1990-03-29 | at: 02:30       | Europe/Ljubljana    | 2026-03-29 01:29 |                  | before an hour that the clock skips has come
1990-03-29 | at: 02:30       | Europe/Ljubljana    | 2026-03-29 01:30 | 2026-03-29 01:30 | and when it has
1990-03-07 | day_off: before | Europe/Ljubljana SI | 2026-03-07 10:00 | 2026-03-06 08:00 | put ahead by a day off
1990-03-02 |                 | *US                 | 2026-03-02 18:59 |                  | of several zones, not before the last has its hour
1990-03-02 |                 | *US                 | 2026-03-02 19:30 | 2026-03-02 19:00 | then it is late
1990-03-02 |                 | *US                 | 2026-03-03 05:00 |                  | until the first of them has the next day
""")
def test_a_contact_who_comes_late_enters_as_of_then(stored: str, trigger: str, place: str, now: str, enters: str) -> None:
    found = late_date_slots(
        date_trigger(trigger), residences=[residence(place)], changed_since=utc("2026-01-01"), now=utc(now), zones_of=zones_of,
    )
    year, month, day = map(int, stored.split("-"))
    about = [slot for slot in found if (slot.match and (slot.match.month, slot.match.day)) == (month, day)]
    known = [slot for slot in about if (month, day) != (2, 29) or year % 4 == 0]
    assert ", ".join(shown(slot.at) for slot in known) == enters


@table("""
schedule                                      | place               | during                          | enters                                             | why
"30 2 * * *", in: Europe/Ljubljana            | -                   | 2026-03-28 12:00 to 03-30 12:00 | 03-29 01:30, 03-30 00:30                           | once where the clock skips the hour
"30 2 * * *", in: Europe/Ljubljana            | -                   | 2026-10-24 12:00 to 10-26 12:00 | 10-25 00:30, 10-26 01:30                           | once where it comes twice
"30 1 * * *", in: Europe/Dublin               | -                   | 2026-10-24 12:00 to 10-26 12:00 | 10-25 00:30, 10-26 01:30                           | in Ireland too
"45 1 * * *", in: Australia/Lord_Howe         | -                   | 2026-04-04 00:00 to 04-05 20:00 | 04-04 14:45, 04-05 15:15                           | once in an overlap of thirty minutes
"*/30 2 * * *", in: Europe/Ljubljana          | -                   | 2026-03-29 00:00 to 03-29 12:00 | 03-29 01:00, 03-29 01:30                           | every time of a skipped hour is made up for
"0 * * * *", in: Europe/Ljubljana             | -                   | 2026-03-28 23:30 to 03-29 02:30 | 03-29 00:00, 03-29 01:00, 03-29 02:00              | hourly: an hour skipped is no hour twice
"0 0 * * *", in: Asia/Beirut                  | -                   | 2026-03-28 to 03-30             | 03-28 22:00, 03-29 21:00                           | a midnight that does not exist is not left out
"0 0 * * *", in: Africa/Cairo                 | -                   | 2026-04-23 00:00 to 04-24 23:00 | 04-23 22:00, 04-24 21:00                           | nor Cairo's
"30 0 * * *", in: America/Havana              | -                   | 2025-11-02 00:00 to 11-03 12:00 | 11-02 04:30, 11-03 05:30                           | the first hour of a day twice, the schedule once
"0 9 30 12 *", in: Pacific/Apia               | -                   | 2011-12-28 to 2012-01-05        | 12-30 19:00                                        | on a day that does not exist
"0 10 * * 0", in: UTC                         | -                   | 2026-03-01 to 03-09             | 03-01 10:00, 03-08 10:00                           | 0 is Sunday
"0 10 * * 7", in: UTC                         | -                   | 2026-03-01 to 03-09             | 03-01 10:00, 03-08 10:00                           | 7 is Sunday
"0 10 L * *", in: UTC                         | -                   | 2028-01-01 to 05-01             | 01-31 10:00, 02-29 10:00, 03-31 10:00, 04-30 10:00 | the last day of each month
"0 10 L 2 *", in: UTC                         | -                   | 2100                            | 02-28 10:00                                        | the last of February in 2100
"0 10 31 * *", in: UTC                        | -                   | 2026-01-01 to 06-01             | 01-31 10:00, 03-31 10:00, 05-31 10:00              | the 31st has no stand-in
"0 20 * * mon", in: contact                   | America/Los_Angeles | 2026-03-01 to 03-10             | 03-03 04:00                                        | Monday evening is Monday where the contact lives
"0 7 * * mon", in: contact                    | Asia/Tokyo          | 2026-03-01 to 03-08             | 03-01 22:00                                        | and Monday morning, on Sunday by UTC
"0 10 2 3 *", in: contact                     | *AU                 | 2026-03-01 to 03-03             | 03-02 02:00                                        | of several zones the last
2026-03-29 02:30, in: Europe/Ljubljana        | -                   | 2026-03-28 to 03-30             | 03-29 01:30                                        | a moment that the clock skips
[2026-03-02 10:00, 2026-03-01 10:00], in: UTC | -                   | 2026-02-28 to 03-03             | 03-01 10:00, 03-02 10:00                           | a list in any order
2026-12-15 10:00, in: America/Vancouver       | -                   | 2026-12-15 to 12-16             | 12-15 17:00                                        | by the law of 2026
"0 10 * * *", in: contact, day_off: after     | Asia/Riyadh SA      | 2026-03-05 to 03-09             | 03-05 07:00, 03-08 07:00                           | over a weekend of Friday and Saturday, moved ones once
"0 10 4 7 *", in: contact, day_off: before    | America/New_York US | 2026-07-01 to 07-10             | 07-02 14:00                                        | a holiday on a Saturday is kept on Friday: to Thursday
"0 10 26 12 *", in: contact, day_off: after   | Europe/London GB    | 2026-12-20 to 12-31             | 12-29 10:00                                        | over Boxing Day's substitute
""")
def test_a_schedule_enters_then(schedule: str, place: str, during: str, enters: str) -> None:
    after, until = stretch(during)
    where = [residence(place)] if place != "-" else []
    found = schedule_slots(schedule_trigger(schedule), residences=where, after=after, until=until, zones_of=zones_of)
    assert ", ".join(shown(slot.at, "%m-%d %H:%M") for slot in found) == enters


@table("""
late     | place              | live             | enters           | why
skip     | Europe/Ljubljana   | 2026-03-02 08:59 | 2026-03-02 09:00 | its hour is still to come
skip     | Europe/Ljubljana   | 2026-03-02 09:00 | 2026-03-02 09:00 | the very moment has not passed
skip     | Europe/Ljubljana   | 2026-03-02 09:01 | never            | it had passed: left out
now      | Europe/Ljubljana   | 2026-03-02 09:01 | 2026-03-02 09:01 | or at once
next_day | Europe/Ljubljana   | 2026-03-02 09:01 | 2026-03-03 09:00 | or the same hour tomorrow
next_day | Europe/Ljubljana   | 2026-03-02 08:59 | 2026-03-02 09:00 | which is only about those who are late
next_day | Pacific/Kiritimati | 2026-03-02 09:01 | 2026-03-02 20:00 | in the east the next day begins early
now      | Pacific/Kiritimati | 2026-03-03 09:00 | 2026-03-03 09:00 | while it is Monday anywhere
next_day | Pacific/Kiritimati | 2026-03-03 09:00 | 2026-03-03 20:00 | where Tuesday's hour has passed too: on Wednesday
now      | Pacific/Pago_Pago  | 2026-03-02 20:59 | 2026-03-02 21:00 | where the hour comes last nobody is late
""")
def test_whose_hour_had_passed_when_the_campaign_went_live_enters_then(late: str, place: str, live: str, enters: str) -> None:
    where = [residence(name) for name in (place, "Pacific/Pago_Pago")]
    found = schedule_slots(
        schedule_trigger(f"2026-03-02 10:00, in: contact, late: {late}"), residences=where, after=utc(live) - SHORTEST,
        until=utc("2026-03-06"), zones_of=zones_of, went_live=utc(live),
    )
    moments = [slot.at for slot in found if slot.residence == where[0]]
    assert shown(min(moments, default=None)) == enters


@table("""
line            | days                                       | why
0 0 * * 5-7     | 1 6 7 8 13 14 15 20 21 22 27 28            | a range up to 7
0 0 * * sun     | 1 8 15 22                                  | a name
0 0 * * FRI,Mon | 2 6 9 13 16 20 23 27                       | names in any case
0 0 * * sun-tue | 1 2 3 8 9 10 15 16 17 22 23 24             | a range from Sunday
0 0 * * fri-sun | 1 6 7 8 13 14 15 20 21 22 27 28            | and up to it
0 0 * * 0-0     | 1 8 15 22                                  | a range of one Sunday is no week
0 0 * * 1/3     | 2 5 9 12 16 19 23 26                       | a step from Monday: Monday and Thursday
0 0 * * */2     | 1 3 5 7 8 10 12 14 15 17 19 21 22 24 26 28 | a step from Sunday
0 0 1,15 * *    | 1 15                                       | a list
0 0 */7 * *     | 1 8 15 22                                  | a step
0 0 10-20/5 * * | 10 15 20                                   | a step within a range
0 0 25/2 * *    | 25 27                                      | a step from a day on
0 0 13 * fri    | 6 13 20 27                                 | either day will do, where both are named
0 0 15,L * fri  | 6 13 15 20 27 28                           | the last day too
0 0 * * fri     | 6 13 20 27                                 | but where one is a star the other decides
0 0 */2 * mon   | 9 23                                       | also where the star has a step, as in Vixie's
0 0 1-7 feb mon | 1 2 3 4 5 6 7 9 16 23                      | not the first Monday: either will do
0 0 5 jan-mar * | 5                                          | months by name
""")
def test_a_cron_line_comes_round_on_those_days_of_february_2026(line: str, days: str) -> None:
    cron = Cron.parse(line)
    assert " ".join(str(day) for day in range(1, 29) if cron.matches_day(date(2026, 2, day))) == days
