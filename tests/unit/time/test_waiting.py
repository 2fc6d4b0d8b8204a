"""Waits and expiry as tables: when a run that comes to a step goes on, and until when a message makes sense. Instants are UTC."""

from __future__ import annotations

from datetime import date
from typing import Any

from engage.model.run import Run
from engage.planning.journeys import advance
from engage.planning.progress import Journey, Progress
from tests.builders import a_run
from tests.small import small_workspace
from tests.unit.time.tables import shown, table, utc
from tests.unit.time.test_leaving_in_peace import contact_in


def comes_to(steps: str, place: str, now: str, *, more: str = "", **attributes: Any) -> Progress:
    """How far a run gets that comes to the first of these steps, written as in a campaign file."""
    file = f"title: Wishes\npurpose: care\nstatus: live\ntrigger: {{manual: true}}\nsteps: {steps}\nchannels: [email]\n{more}"
    workspace = small_workspace(**{"campaigns/birthday.yaml": file})
    contact = contact_in(place)
    contact = type(contact)(id=1, attributes={**contact.attributes, **attributes}, zones=contact.zones)
    nothing: Any = None
    journey = Journey(
        workspace=workspace, campaign=workspace.campaigns["birthday"], contact=contact, now=utc(now), lookup=nothing,
        events_since=lambda types, since: [],
    )
    run: Run = a_run(since=utc(now), due_at=utc(now), entered_at=utc(now), intended_at=utc(now))
    return advance(run, journey)


@table("""
wait                                         | place                             | now              | ends             | why
1d                                           | Europe/Ljubljana                  | 2026-03-28 08:00 | 2026-03-29 07:00 | a day over a gap
24h                                          | Europe/Ljubljana                  | 2026-03-28 08:00 | 2026-03-29 08:00 | 24 hours over it
1d                                           | America/New_York,Pacific/Honolulu | 2026-03-07 12:00 | 2026-03-08 12:00 | of several zones, when the day has passed in all
1mo                                          | Europe/Ljubljana                  | 2026-01-31 08:00 | 2026-02-28 08:00 | a month, clamped
1mo                                          | Europe/Ljubljana                  | 2026-03-15 08:00 | 2026-04-15 07:00 | a month over a gap
{until: 09:00}                               | Europe/Ljubljana                  | 2026-03-02 07:59 | 2026-03-02 08:00 | later today
{until: 09:00}                               | Europe/Ljubljana                  | 2026-03-02 08:00 | 2026-03-02 08:00 | now, when it is just that
{until: 09:00}                               | Europe/Ljubljana                  | 2026-03-02 08:01 | 2026-03-03 08:00 | tomorrow
{until: 09:00}                               | Asia/Kathmandu                    | 2026-03-02 03:16 | 2026-03-03 03:15 | in a zone of three quarters
{until: 09:00}                               | Pacific/Kiritimati                | 2026-03-02 12:00 | 2026-03-02 19:00 | where it is tomorrow already
{until: 09:00}                               | Europe/Ljubljana                  | 2026-03-28 12:00 | 2026-03-29 07:00 | over a gap
{until: "02:30"}                             | Europe/Ljubljana                  | 2026-03-28 12:00 | 2026-03-29 01:30 | an hour that the clock skips
{until: "02:30"}                             | Europe/Ljubljana                  | 2026-10-25 00:31 | 2026-10-26 01:30 | one that comes twice has come once
{until: "00:00"}                             | Asia/Beirut                       | 2026-03-28 12:00 | 2026-03-28 22:00 | a midnight that does not exist
{until: 09:00}                               | Pacific/Apia                      | 2011-12-29 20:00 | 2011-12-30 19:00 | over a day that does not exist
{until: 09:00}                               | America/New_York,Pacific/Honolulu | 2026-03-02 15:00 | 2026-03-02 19:00 | of several zones, when nine has come in all
{until: 09:00}                               | America/New_York,Pacific/Honolulu | 2026-03-02 19:01 | 2026-03-03 19:00 | and then tomorrow in all
{until: 09:00, days: [mon]}                  | Europe/Ljubljana                  | 2026-03-02 08:01 | 2026-03-09 08:00 | a Monday has passed: the next
{until: 09:00, days: [sat, sun]}             | Europe/Ljubljana                  | 2026-03-02 08:00 | 2026-03-07 08:00 | the first of several days
{until: 09:00, days: working}                | Europe/Ljubljana SI               | 2026-02-06 12:00 | 2026-02-09 08:00 | working days, over a holiday on a Sunday
{until: 09:00, days: working}                | Asia/Riyadh SA                    | 2026-02-26 12:00 | 2026-03-01 06:00 | where the weekend is Friday and Saturday
{until: 09:00, days: working}                | Asia/Tehran IR                    | 2026-10-15 12:00 | 2026-10-17 05:30 | where it is Friday alone
{until: 09:00, days: working}                | Europe/London GB                  | 2026-12-24 12:00 | 2026-12-29 09:00 | over Boxing Day's substitute
{until: 09:00, days: working}                | Asia/Tokyo JP                     | 2026-09-18 12:00 | 2026-09-24 00:00 | over a silver week
{until: 09:00, days: [fri], day_off: after}  | Europe/Ljubljana SI               | 2026-04-28 12:00 | 2026-05-04 07:00 | a Friday that is a holiday: the Monday after
{until: 09:00, days: [fri], day_off: before} | Europe/Ljubljana SI               | 2026-04-28 12:00 | 2026-04-30 07:00 | or the Thursday before
{until: 09:00, days: [fri], day_off: before} | Europe/Ljubljana SI               | 2026-04-30 12:00 | 2026-05-08 07:00 | but not one that has passed
{until: 09:00, day_off: after}               | Europe/Ljubljana SI               | 2026-02-27 12:00 | 2026-03-02 08:00 | every day but days off
{until: 09:00}                               | America/Vancouver                 | 2026-11-30 18:00 | 2026-12-01 16:00 | by the law of 2026
""")
def test_a_wait_ends_then(wait: str, place: str, now: str, ends: str) -> None:
    progress = comes_to(f"[{{wait: {wait}}}, {{send: birthday}}]", place, now)
    assert shown(progress.run.due_at if not progress.deliveries else progress.deliveries[0].due_at) == ends


@table("""
wait                                                 | value            | place                             | now              | falls_due        | why
{until: contact.birth_date}                          | 2026-03-30       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 22:00 | a date: its first moment
{until: contact.birth_date}                          | 2026-03-29       | Asia/Beirut                       | 2026-03-02 12:00 | 2026-03-28 22:00 | also where it has no midnight
{until: contact.birth_date, at: 10:00}               | 2026-03-29       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 08:00 | at an hour of it
{until: contact.birth_date, offset: -1d, at: 10:00}  | 2026-03-30       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 08:00 | the day before
{until: contact.birth_date, offset: -24h, at: 10:00} | 2026-03-30       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 08:00 | 24 hours before that hour
{until: contact.birth_date, offset: -1mo, at: 10:00} | 2026-03-31       | Europe/Ljubljana                  | 2026-02-02 12:00 | 2026-02-28 09:00 | a month before, clamped
{until: contact.birth_date, at: "02:30"}             | 2026-03-29       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 01:30 | at an hour that the clock skips
{until: contact.birth_date, at: 10:00}               | 2026-03-02       | America/New_York,Pacific/Honolulu | 2026-03-01 12:00 | 2026-03-02 20:00 | of several zones, when it has come in all
{until: contact.birth_date, at: 10:00}               | 2026-02-01       | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-02-01 09:00 | it has passed: the send counts as due then
{until: contact.birth_date, at: 10:00}               | 9999-12-31       | Europe/Ljubljana                  | 2026-03-02 12:00 | 8000-12-31 09:00 | a date that stands for never
{until: contact.birth_date, at: 10:00}               | -                | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-02 12:00 | none: at once
{until: contact.created_at}                          | 2026-03-30 06:00 | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-30 06:00 | a date-time
{until: contact.created_at, offset: -1d}             | 2026-03-30 06:00 | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-29 06:00 | a day before, by the wall clock
{until: contact.created_at, offset: -2d}             | 2026-03-30 06:00 | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-28 07:00 | two days before, over a gap
{until: contact.created_at, offset: -48h}            | 2026-03-30 06:00 | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-28 06:00 | 48 hours before
{until: contact.created_at, at: 10:00}               | 2026-03-29 23:30 | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-30 08:00 | an hour of its local day
""")
def test_a_wait_for_a_moment_ends_and_what_follows_falls_due_then(wait: str, value: str, place: str, now: str, falls_due: str) -> None:
    name = "created_at" if "created_at" in wait else "birth_date"
    known = {} if value == "-" else {name: utc(value) if ":" in value else date.fromisoformat(value)}
    progress = comes_to(f"[{{wait: {wait}}}, {{send: birthday}}]", place, now, **known)
    assert shown(progress.deliveries[0].intended_at if progress.deliveries else progress.run.due_at) == falls_due


@table("""
expires    | place                             | due              | until            | why
end_of_day | Europe/Ljubljana                  | 2026-03-02 08:00 | 2026-03-02 23:00 | the end of that local day
end_of_day | Europe/Ljubljana                  | 2026-03-29 07:00 | 2026-03-29 22:00 | of a day of 23 hours
end_of_day | Europe/Ljubljana                  | 2026-03-02 23:00 | 2026-03-03 23:00 | due at midnight: of the day that begins
end_of_day | Asia/Beirut                       | 2026-03-28 21:30 | 2026-03-28 22:00 | up to a midnight that does not exist
end_of_day | Pacific/Kiritimati                | 2026-02-27 19:00 | 2026-02-28 10:00 | where the day comes first
end_of_day | Pacific/Pago_Pago                 | 2026-02-28 20:00 | 2026-03-01 11:00 | where it comes last
end_of_day | America/New_York,Pacific/Honolulu | 2026-02-28 19:00 | 2026-03-01 05:00 | of several zones, where it ends first
12h        | Europe/Ljubljana                  | 2026-03-29 00:00 | 2026-03-29 12:00 | hours elapse
1d         | Europe/Ljubljana                  | 2026-03-28 08:00 | 2026-03-29 07:00 | a day goes by the wall clock
7d         | Europe/Ljubljana                  | 2026-03-25 08:00 | 2026-04-01 07:00 | so do seven
1mo        | Europe/Ljubljana                  | 2026-01-31 08:00 | 2026-02-28 08:00 | a month is clamped
""")
def test_a_message_expires_then(expires: str, place: str, due: str, until: str) -> None:
    (delivery,) = comes_to("[{send: birthday}]", place, due, more=f"expires: {expires}\n").deliveries
    assert shown(delivery.expires_at) == until
