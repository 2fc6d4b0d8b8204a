"""Wall clocks as a table: which instant a local time is, and when a local day ends. Instants are UTC."""

from __future__ import annotations

from datetime import datetime

from engage.model.localtime import add, end_of_day, local, to_utc, zone
from engage.model.time import Duration
from tests.unit.time.tables import shown, table, utc


@table("""
place                | wall             | instant          | why
Europe/Ljubljana     | 2026-03-29 01:59 | 2026-03-29 00:59 | the last minute before a northern gap
Europe/Ljubljana     | 2026-03-29 02:00 | 2026-03-29 01:00 | the first minute of a gap is the first after it
Europe/Ljubljana     | 2026-03-29 02:30 | 2026-03-29 01:30 | half past two becomes half past three
Europe/Ljubljana     | 2026-03-29 02:59 | 2026-03-29 01:59 | the last minute of a gap
Europe/Ljubljana     | 2026-10-25 02:00 | 2026-10-25 00:00 | the first minute of an overlap, first pass
Europe/Ljubljana     | 2026-10-25 02:59 | 2026-10-25 00:59 | the last minute of an overlap, first pass
Europe/Ljubljana     | 2026-10-25 03:00 | 2026-10-25 02:00 | the first minute after an overlap
America/New_York     | 2027-03-14 02:30 | 2027-03-14 07:30 | the American gap
America/New_York     | 2027-11-07 01:30 | 2027-11-07 05:30 | the American overlap
America/St_Johns     | 2026-03-08 02:30 | 2026-03-08 06:00 | a gap in a zone of half an hour
America/St_Johns     | 2010-11-07 00:00 | 2010-11-07 02:30 | a midnight that comes twice: the first
Australia/Adelaide   | 2026-10-04 02:30 | 2026-10-03 17:00 | a southern gap, in a zone of half an hour
Australia/Adelaide   | 2026-04-05 02:30 | 2026-04-04 16:00 | a southern overlap
Australia/Lord_Howe  | 2026-10-04 02:15 | 2026-10-03 15:45 | a gap of thirty minutes: 02:15 becomes 02:45
Australia/Lord_Howe  | 2026-10-04 02:30 | 2026-10-03 15:30 | the first minute after it
Australia/Lord_Howe  | 2026-04-05 01:30 | 2026-04-04 14:30 | an overlap of thirty minutes
Antarctica/Troll     | 2026-03-29 02:00 | 2026-03-29 02:00 | a gap of two hours: 02:00 becomes 04:00
Antarctica/Troll     | 2026-10-25 02:00 | 2026-10-25 00:00 | an overlap of two hours
Pacific/Chatham      | 2026-09-27 03:00 | 2026-09-26 14:15 | a gap in a zone of three quarters
Pacific/Chatham      | 2026-04-05 03:00 | 2026-04-04 13:15 | an overlap in a zone of three quarters
Asia/Kathmandu       | 2026-03-29 02:30 | 2026-03-28 20:45 | three quarters of an hour, and never a change
Australia/Eucla      | 2026-07-01 09:00 | 2026-07-01 00:15 | eight hours and three quarters
Pacific/Marquesas    | 2026-07-01 09:00 | 2026-07-01 18:30 | nine hours and a half behind
Asia/Kolkata         | 2026-01-01 00:00 | 2025-12-31 18:30 | the year begins five hours and a half early
Europe/Dublin        | 2026-03-29 01:30 | 2026-03-29 01:30 | Irish winter is the exception by law: the gap is a gap all the same
Europe/Dublin        | 2026-10-25 01:30 | 2026-10-25 00:30 | and the overlap an overlap
Africa/Casablanca    | 2026-02-15 02:30 | 2026-02-15 01:30 | Ramadan begins: an overlap in February
Africa/Casablanca    | 2026-03-01 09:00 | 2026-03-01 09:00 | in Ramadan the clock stands at UTC
Africa/Casablanca    | 2026-03-22 02:30 | 2026-03-22 02:30 | Ramadan ends: a gap
Africa/Casablanca    | 2026-06-01 09:00 | 2026-06-01 08:00 | after it an hour ahead
Africa/Cairo         | 2026-04-24 00:30 | 2026-04-23 22:30 | half past a midnight that does not exist
Africa/Cairo         | 2026-10-29 23:30 | 2026-10-29 20:30 | the last hour of a day comes twice
Asia/Beirut          | 2026-03-29 00:00 | 2026-03-28 22:00 | a midnight that does not exist is one o'clock
America/Santiago     | 2026-09-06 00:30 | 2026-09-06 04:30 | Chile's missing midnight, in September
America/Havana       | 2025-03-09 00:00 | 2025-03-09 05:00 | Cuba's missing midnight
America/Havana       | 2025-11-02 00:30 | 2025-11-02 04:30 | the first hour of a day comes twice
America/Asuncion     | 2024-10-06 00:00 | 2024-10-06 04:00 | Paraguay's last missing midnight
America/Asuncion     | 2026-07-15 09:00 | 2026-07-15 12:00 | which stayed on summer time since
America/Sao_Paulo    | 2018-11-04 00:15 | 2018-11-04 03:15 | Brazil's last missing midnight
America/Sao_Paulo    | 2018-02-17 23:30 | 2018-02-18 01:30 | its last hour before midnight that came twice
America/Nuuk         | 2026-03-28 23:30 | 2026-03-29 01:30 | a gap that ends a day: 23:30 becomes 00:30 of the next
Asia/Pyongyang       | 2018-05-04 23:45 | 2018-05-04 15:15 | a gap of thirty minutes up to midnight
Pacific/Apia         | 2011-12-30 09:00 | 2011-12-30 19:00 | a day that does not exist becomes the next
Pacific/Apia         | 2011-12-31 09:00 | 2011-12-30 19:00 | which is the same moment
Pacific/Fakaofo      | 2011-12-30 09:00 | 2011-12-30 20:00 | Tokelau gave up the same day
Pacific/Kwajalein    | 1993-08-21 09:00 | 1993-08-21 21:00 | a Saturday that Kwajalein never had
America/Vancouver    | 2026-11-01 01:30 | 2026-11-01 08:30 | law of 2026: British Columbia turns its clocks no more
America/Vancouver    | 2026-12-15 09:00 | 2026-12-15 16:00 | so that its winter is an hour later
America/Vancouver    | 2027-03-14 02:30 | 2027-03-14 09:30 | and half past two exists
America/Edmonton     | 2026-12-15 09:00 | 2026-12-15 15:00 | law of 2026: so does Alberta
America/Winnipeg     | 2026-12-15 09:00 | 2026-12-15 14:00 | law of 2026: and Manitoba
America/Inuvik       | 2026-12-15 09:00 | 2026-12-15 15:00 | law of 2026: and the Northwest Territories
Africa/Casablanca    | 2026-12-01 09:00 | 2026-12-01 09:00 | law of 2026: Morocco is back at UTC
Africa/Casablanca    | 2027-02-20 09:00 | 2027-02-20 09:00 | with nothing left to change for Ramadan
America/Havana       | 2026-12-15 09:00 | 2026-12-15 13:00 | law of 2026: Cuba stays on summer time
Europe/Chisinau      | 2026-03-29 02:30 | 2026-03-29 00:30 | Moldova turns its clocks with the Union: 02:30 exists
Europe/Chisinau      | 2026-03-29 03:30 | 2026-03-29 01:30 | and 03:30 does not
Asia/Almaty          | 2026-01-01 09:00 | 2026-01-01 04:00 | one zone for all of Kazakhstan since 2024
America/Mexico_City  | 2026-07-01 09:00 | 2026-07-01 15:00 | no summer time since 2022
Pacific/Kiritimati   | 2027-01-01 00:00 | 2026-12-31 10:00 | where a year begins first
Pacific/Pago_Pago    | 2026-12-31 23:59 | 2027-01-01 10:59 | where it ends last
""")
def test_a_local_time_is_that_instant(place: str, wall: str, instant: str) -> None:
    assert shown(to_utc(datetime.fromisoformat(wall), zone(place))) == instant


@table("""
place                | moment           | end              | why
Europe/Ljubljana     | 2026-03-28 23:00 | 2026-03-29 22:00 | a day of 23 hours
Europe/Ljubljana     | 2026-10-24 22:00 | 2026-10-25 23:00 | a day of 25 hours
Asia/Beirut          | 2026-03-28 21:59 | 2026-03-28 22:00 | up to a midnight that does not exist
Asia/Beirut          | 2026-03-28 22:00 | 2026-03-29 21:00 | from the first moment of a day without a midnight
Africa/Cairo         | 2026-10-29 20:30 | 2026-10-29 22:00 | the last hour, first pass
Africa/Cairo         | 2026-10-29 21:30 | 2026-10-29 22:00 | and second pass
America/St_Johns     | 2010-11-07 02:00 | 2010-11-07 02:30 | before a midnight that comes twice
America/St_Johns     | 2010-11-07 03:00 | 2010-11-07 03:30 | between its two passes
Antarctica/Casey     | 2010-03-04 15:30 | 2010-03-04 16:00 | and where three hours came twice over it
Pacific/Apia         | 2011-12-30 09:59 | 2011-12-30 10:00 | before a day that does not exist
Pacific/Kiritimati   | 2026-02-28 10:00 | 2026-03-01 10:00 | the last day of February
Asia/Kathmandu       | 2028-02-28 18:15 | 2028-02-29 18:15 | a leap day, in a zone of three quarters
""")
def test_a_local_day_ends_there_and_always_later_than_it_is(place: str, moment: str, end: str) -> None:
    ends = end_of_day(utc(moment), zone(place))
    assert shown(ends) == end
    assert ends > utc(moment)
    assert local(ends, zone(place)).date() > local(utc(moment), zone(place)).date()


@table("""
place                | start            | span   | end              | why
Europe/Ljubljana     | 2026-03-28 08:00 | 1d     | 2026-03-29 07:00 | a day over a gap: the same wall time, 23 hours
Europe/Ljubljana     | 2026-03-28 08:00 | 24h    | 2026-03-29 08:00 | 24 hours over it: an hour later by the wall
Europe/Ljubljana     | 2026-10-24 07:00 | 1d     | 2026-10-25 08:00 | a day over an overlap: 25 hours
Europe/Ljubljana     | 2026-10-24 07:00 | 24h    | 2026-10-25 07:00 | 24 hours over it
Europe/Ljubljana     | 2026-03-28 01:30 | 1d     | 2026-03-29 01:30 | into a gap: 03:30
Europe/Ljubljana     | 2026-03-28 01:30 | 2d     | 2026-03-30 00:30 | over it: 02:30 again
Europe/Ljubljana     | 2026-10-24 00:30 | 1d     | 2026-10-25 00:30 | into an overlap: the first pass
Europe/Ljubljana     | 2026-10-25 01:30 | 1d     | 2026-10-26 01:30 | out of its second pass
Europe/Ljubljana     | 2026-10-25 00:30 | 1h     | 2026-10-25 01:30 | an hour from pass to pass
Australia/Lord_Howe  | 2026-10-03 02:00 | 1d     | 2026-10-04 01:30 | a day over a gap of thirty minutes
Europe/Dublin        | 2026-10-24 11:00 | 1d     | 2026-10-25 12:00 | a day over an Irish overlap
Pacific/Apia         | 2011-12-29 20:00 | 1d     | 2011-12-30 20:00 | into a day that does not exist: the next
Pacific/Apia         | 2011-12-29 20:00 | 2d     | 2011-12-30 20:00 | and the day after it is the same
Europe/Ljubljana     | 2026-01-31 08:00 | 1mo    | 2026-02-28 08:00 | a month is clamped
Europe/Ljubljana     | 2028-01-31 08:00 | 1mo    | 2028-02-29 08:00 | to the leap day of 2028
Europe/Ljubljana     | 2100-01-31 08:00 | 1mo    | 2100-02-28 08:00 | 2100 has none
Europe/Ljubljana     | 2026-02-28 08:00 | 1mo    | 2026-03-28 08:00 | and goes on from there, not from the 31st
Europe/Ljubljana     | 2028-02-29 08:00 | 12mo   | 2029-02-28 08:00 | a year after a leap day
Europe/Ljubljana     | 2026-10-31 08:00 | -8mo   | 2026-02-28 08:00 | backwards
Europe/Ljubljana     | 2026-03-22 08:00 | 1w12h  | 2026-03-29 19:00 | weeks by the wall, then hours that elapse
America/Vancouver    | 2026-10-31 16:00 | 1d     | 2026-11-01 16:00 | no overlap where the law did away with it
""")
def test_a_span_ends_there(place: str, start: str, span: str, end: str) -> None:
    assert shown(add(utc(start), Duration.parse(span), zone(place))) == end
