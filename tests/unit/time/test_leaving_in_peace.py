"""Quiet hours and limits as tables: the first moment (UTC) from `now` on at which a message may go, written as in a workspace."""

from __future__ import annotations

from dataclasses import replace

from engage.model.contact import Contact
from engage.model.delivery import Facts, HandOff
from engage.model.steps import Send
from engage.model.time import Zones, ZoneSource
from engage.policy import next_chance
from tests.builders import a_contact, an_intent
from tests.small import SETTINGS, small_workspace
from tests.unit.time.tables import shown, table, utc


def contact_in(place: str) -> Contact:
    """`Europe/Paris FR`, `Europe/Paris`, or several zones between commas."""
    zones, _, country = place.partition(" ")
    names = tuple(zones.split(","))
    return replace(a_contact(country=country or None), zones=Zones(key=names[0], names=names, source=ZoneSource.CONTACT))


def chance(
    place: str, now: str, *, workspace: str = "", purpose: str = "", campaign: str = "", consent: str = "opt_out", limit: str = "",
    sent: str = "",
) -> str:
    """When it may go, of a workspace in which these settings stand."""
    in_purpose = "".join([f", quiet_hours: {purpose}" if purpose else "", f", limit: {limit}" if limit else ""])
    settings = SETTINGS.replace("quiet_hours: {from: 21:00, to: 08:00}\n", f"quiet_hours: {workspace}\n" if workspace else "")
    settings = settings.replace("consent: opt_out}", f"consent: {consent}{in_purpose}}}")
    file = "title: Wishes\npurpose: care\nstatus: live\ntrigger: {manual: true}\nsend: birthday\nchannels: [email]\n"
    file += f"quiet_hours: {campaign}\n" if campaign else ""
    loaded = small_workspace(**{"engage.yaml": settings, "campaigns/birthday.yaml": file})
    step = loaded.campaigns["birthday"].steps[0]
    assert isinstance(step, Send)
    taken = tuple(
        HandOff(at=utc(at.strip()), campaign="other", purpose="care", delivery_id=number) for number, at in enumerate(sent.split(","), 100) if at
    )
    intent = an_intent(channels=("email",), quiet_hours=step.quiet_hours)
    facts = Facts(contact=contact_in(place), hand_offs=taken)
    return shown(next_chance(intent, facts, now=utc(now), settings=loaded.settings, campaign=loaded.campaigns["birthday"]))


@table("""
quiet                                     | place                             | now              | allowed          | why
{from: 21:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-02 19:59 | 2026-03-02 19:59 | the last minute before them
{from: 21:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-02 20:00 | 2026-03-03 07:00 | half open: their first minute is quiet
{from: 21:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-03 07:00 | 2026-03-03 07:00 | and their end is not
{from: 20:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-02 22:10 | 2026-03-03 07:00 | over midnight, not within a day
{from: 09:00, to: 17:00}                  | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-02 16:00 | within a day, not over midnight
{from: 00:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-02 22:59 | 2026-03-02 22:59 | from midnight
{from: 21:00, to: 00:00}                  | Europe/Ljubljana                  | 2026-03-02 20:00 | 2026-03-02 23:00 | to midnight
{from: 21:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-03-28 22:00 | 2026-03-29 06:00 | a night an hour short
{from: 21:00, to: 08:00}                  | Europe/Ljubljana                  | 2026-10-24 22:00 | 2026-10-25 07:00 | a night an hour long
{from: 22:00, to: 02:30}                  | Europe/Ljubljana                  | 2026-03-28 22:00 | 2026-03-29 01:00 | an end that the clock skips: the first instant after the gap
{from: 02:00, to: 03:00}                  | Europe/Ljubljana                  | 2026-03-29 00:59 | 2026-03-29 00:59 | hours that the clock skips as a whole
{from: 02:00, to: 02:30}                  | Europe/Ljubljana                  | 2026-10-25 00:10 | 2026-10-25 00:30 | an overlap: quiet in the first pass
{from: 02:00, to: 02:30}                  | Europe/Ljubljana                  | 2026-10-25 01:10 | 2026-10-25 01:30 | and in the second
{from: 02:30, to: 04:00}                  | Europe/Ljubljana                  | 2026-10-25 00:40 | 2026-10-25 01:00 | the clock goes back out of them for half an hour
{from: 21:00, to: 08:00}                  | Europe/Dublin                     | 2026-10-24 22:00 | 2026-10-25 08:00 | an Irish night an hour long
{from: 21:00, to: 02:15}                  | Australia/Lord_Howe               | 2026-10-03 12:00 | 2026-10-03 15:30 | an end in a gap of thirty minutes
{from: 21:00, to: 08:00}                  | Asia/Kathmandu                    | 2026-03-02 15:15 | 2026-03-03 02:15 | a zone of three quarters
{from: 21:00, to: 08:00}                  | Australia/Eucla                   | 2026-03-02 12:15 | 2026-03-02 23:15 | another
{from: 21:00, to: 08:00}                  | Australia/Adelaide                | 2026-03-02 10:30 | 2026-03-02 21:30 | a zone of half an hour
{from: 21:00, to: 08:00}                  | Africa/Casablanca                 | 2026-03-21 22:00 | 2026-03-22 07:00 | the last night of Ramadan
{from: 21:00, to: 08:00}                  | Africa/Casablanca                 | 2026-12-01 21:00 | 2026-12-02 08:00 | by the law of 2026
{from: 21:00, to: 08:00}                  | America/Vancouver                 | 2026-12-15 05:00 | 2026-12-15 15:00 | by the law of 2026, too
{from: 23:00, to: 00:30}                  | Asia/Beirut                       | 2026-03-28 21:00 | 2026-03-28 22:00 | an end just after a midnight that does not exist
{from: 00:00, to: 01:00}                  | America/Santiago                  | 2026-09-06 03:59 | 2026-09-06 03:59 | an hour that begins at one and does not come
{from: 23:00, to: 06:00}                  | Africa/Cairo                      | 2026-10-29 20:00 | 2026-10-30 04:00 | an evening hour that comes twice
{from: 21:00, to: 08:00}                  | Pacific/Apia                      | 2011-12-30 07:00 | 2011-12-30 18:00 | a night over a day that does not exist
{days_off: [fri]}                         | Pacific/Apia                      | 2011-12-30 09:59 | 2011-12-30 09:59 | that day was a Friday, which is why nothing is quiet
{days_off: [sat]}                         | Pacific/Apia                      | 2011-12-30 10:00 | 2011-12-31 10:00 | Saturday came after Thursday
{from: 21:00, to: 08:00}                  | America/New_York,Pacific/Honolulu | 2026-03-02 14:00 | 2026-03-02 18:00 | of several zones: once it is over in all
{from: 21:00, to: 08:00}                  | America/New_York,Pacific/Honolulu | 2026-03-03 02:00 | 2026-03-03 18:00 | and before it begins in any
{from: 17:00, to: 09:00}                  | Europe/Kaliningrad,Asia/Kamchatka | 2026-03-02 12:00 | never            | allowed hours that never meet
{days_off: weekend}                       | Europe/Ljubljana SI               | 2026-02-28 09:00 | 2026-03-01 23:00 | a weekend of Saturday and Sunday
{days_off: weekend}                       | Asia/Riyadh SA                    | 2026-02-27 09:00 | 2026-02-28 21:00 | of Friday and Saturday
{days_off: weekend}                       | Asia/Riyadh SA                    | 2026-03-01 09:00 | 2026-03-01 09:00 | where Sunday is a working day
{days_off: weekend}                       | Asia/Tehran IR                    | 2026-02-27 09:00 | 2026-02-27 20:30 | of Friday alone
{days_off: weekend}                       | Asia/Kolkata IN                   | 2026-02-28 09:00 | 2026-02-28 09:00 | of Sunday alone
{days_off: weekend}                       | Asia/Beirut                       | 2026-03-28 09:00 | 2026-03-29 21:00 | over a midnight that does not exist; no country: the world's
{days_off: [sun], from: 21:00, to: 08:00} | Europe/Ljubljana                  | 2026-02-28 20:00 | 2026-03-02 07:00 | night, day off, night
{holidays: true}                          | Europe/London GB                  | 2026-12-28 10:00 | 2026-12-29 00:00 | Boxing Day's substitute
{holidays: true}                          | Europe/London GB                  | 2027-12-27 10:00 | 2027-12-29 00:00 | two substitutes in a row
{holidays: true}                          | Europe/London GB                  | 2026-04-06 10:00 | 2026-04-06 10:00 | what only a part of the country keeps is none (Easter Monday)
{holidays: true}                          | Asia/Tokyo JP                     | 2026-05-02 16:00 | 2026-05-06 15:00 | Golden Week with its substitute
{holidays: true}                          | America/New_York US               | 2027-12-31 12:00 | 2028-01-02 05:00 | a New Year kept in the year before
{holidays: true, days_off: weekend}       | Europe/Ljubljana SI               | 2026-05-01 09:00 | 2026-05-03 22:00 | holidays, then a weekend
{holidays: true}                          | Europe/Ljubljana                  | 2026-05-01 09:00 | 2026-05-01 09:00 | of no known country: none
""")
def test_quiet_hours_are_over_then(quiet: str, place: str, now: str, allowed: str) -> None:
    assert chance(place, now, workspace=quiet) == allowed


@table("""
workspace                                                            | purpose                               | campaign                 | consent | place           | now              | allowed          | why
{from: 21:00, to: 08:00}                                             | {to: 09:30}                           |                          | opt_out | Europe/Paris    | 2026-03-02 22:00 | 2026-03-03 08:30 | a later layer overrides one key
{from: 21:00, to: 08:00}                                             | {to: 09:30}                           | {from: 23:30}            | opt_out | Europe/Paris    | 2026-03-02 22:00 | 2026-03-02 22:00 | and the next another
{from: 21:00, to: 08:00}                                             | {days_off: [mon]}                     |                          | opt_out | Europe/Paris    | 2026-03-02 10:00 | 2026-03-03 07:00 | what a layer does not name stays
{days_off: weekend}                                                  | {days_off: []}                        |                          | opt_out | Europe/Paris    | 2026-02-28 10:00 | 2026-02-28 10:00 | an empty list sets a key to nothing
{holidays: true}                                                     |                                       | {holidays: false}        | opt_out | Europe/Paris FR | 2026-05-01 10:00 | 2026-05-01 10:00 | false too
{from: 21:00, to: 08:00}                                             | ignore                                |                          | opt_out | Europe/Paris    | 2026-03-02 22:00 | 2026-03-02 22:00 | ignore sets everything aside
{from: 21:00, to: 08:00, days_off: weekend}                          | ignore                                | {from: 23:00, to: 06:00} | opt_out | Europe/Paris    | 2026-02-28 23:00 | 2026-03-01 05:00 | and a later map starts afresh
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} |                                       |                          | opt_out | Europe/Paris FR | 2026-03-02 19:30 | 2026-03-03 09:00 | a country's hours are added
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} |                                       |                          | opt_out | Europe/Paris BE | 2026-03-02 19:30 | 2026-03-02 19:30 | to those of its people alone
{from: 21:00, to: 08:00, by_country: {FR: {from: 22:00, to: 06:00}}} |                                       |                          | opt_out | Europe/Paris FR | 2026-03-02 20:30 | 2026-03-03 07:00 | and take nothing away
{from: 21:00, to: 08:00, by_country: {FR: {days_off: [sun]}}}        | {from: 23:00, to: 06:00}              |                          | opt_out | Europe/Paris FR | 2026-03-01 10:00 | 2026-03-02 05:00 | no later layer overrides them
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} | {by_country: {FR: {days_off: [tue]}}} |                          | opt_out | Europe/Paris FR | 2026-03-02 19:30 | 2026-03-04 09:00 | those of every layer hold
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} | ignore                                |                          | opt_out | Europe/Paris FR | 2026-03-02 19:30 | 2026-03-03 09:00 | ignore of a promotional purpose sets no law aside
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} | ignore                                |                          | none    | Europe/Paris FR | 2026-03-02 19:30 | 2026-03-02 19:30 | that of a transactional one does
{from: 21:00, to: 08:00, by_country: {FR: {from: 20:00, to: 10:00}}} |                                       |                          | none    | Europe/Paris FR | 2026-03-02 19:30 | 2026-03-03 09:00 | which has quiet hours as well, where it says nothing
{from: 21:00, to: 08:00, by_country: {SA: {days_off: weekend}}}      |                                       |                          | opt_out | Asia/Riyadh SA  | 2026-02-27 10:00 | 2026-03-01 05:00 | a weekend by law is that of the country
""")
def test_layers_of_quiet_hours_come_to_that(
    workspace: str, purpose: str, campaign: str, consent: str, place: str, now: str, allowed: str,
) -> None:
    assert chance(place, now, workspace=workspace, purpose=purpose, campaign=campaign, consent=consent) == allowed


@table("""
limit                   | sent                                                 | place                             | now              | allowed          | why
1 per day               | 2026-03-02 08:00                                     | Europe/Ljubljana                  | 2026-03-02 22:59 | 2026-03-02 23:00 | until local midnight
1 per day               | 2026-03-01 22:59                                     | Europe/Ljubljana                  | 2026-03-01 23:00 | 2026-03-01 23:00 | a minute later is another day
1 per day               | 2026-03-28 23:30                                     | Europe/Ljubljana                  | 2026-03-29 12:00 | 2026-03-29 22:00 | a day of 23 hours
1 per day               | 2026-10-24 22:30                                     | Europe/Ljubljana                  | 2026-10-25 12:00 | 2026-10-25 23:00 | a day of 25 hours
1 per day               | 2026-03-28 12:00                                     | Asia/Beirut                       | 2026-03-28 21:59 | 2026-03-28 22:00 | until a midnight that does not exist
1 per day               | 2026-10-29 20:30                                     | Africa/Cairo                      | 2026-10-29 21:30 | 2026-10-29 22:00 | the last hour twice, the day once
1 per day               | 2026-03-02 18:14                                     | Asia/Kathmandu                    | 2026-03-02 18:15 | 2026-03-02 18:15 | midnight in a zone of three quarters
1 per day               | 2011-12-30 09:00                                     | Pacific/Apia                      | 2011-12-30 09:59 | 2011-12-30 10:00 | Thursday is followed by Saturday
1 per day               | 2010-11-07 02:00                                     | America/St_Johns                  | 2010-11-07 03:00 | 2010-11-07 03:30 | a midnight that comes twice: after the second
1 per day               | 2026-03-02 06:00                                     | America/New_York,Pacific/Honolulu | 2026-03-02 12:00 | 2026-03-03 05:00 | of several zones: once there is room in all
2 per day               | 2026-03-02 08:00                                     | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-02 12:00 | one of two
2 per day               | 2026-03-02 08:00, 2026-03-02 09:00                   | Europe/Ljubljana                  | 2026-03-02 12:00 | 2026-03-02 23:00 | two of two
1 per week              | 2026-03-02 08:00                                     | Europe/Ljubljana                  | 2026-03-08 22:59 | 2026-03-08 23:00 | weeks begin on Monday
1 per week              | 2026-03-01 22:59                                     | Europe/Ljubljana                  | 2026-03-01 23:00 | 2026-03-01 23:00 | so that Sunday was another
1 per week              | 2026-12-29 08:00                                     | Europe/Ljubljana                  | 2027-01-02 12:00 | 2027-01-03 23:00 | a week over the end of the year
1 per week              | 2026-03-27 12:00                                     | Europe/Ljubljana                  | 2026-03-29 12:00 | 2026-03-29 22:00 | a week an hour short
1 per month             | 2026-03-01 08:00                                     | Europe/Ljubljana                  | 2026-03-31 21:59 | 2026-03-31 22:00 | until the 1st, by summer time
1 per month             | 2028-02-01 08:00                                     | Europe/Ljubljana                  | 2028-02-28 12:00 | 2028-02-29 23:00 | through a leap day
1 per month             | 2100-02-01 08:00                                     | Europe/Ljubljana                  | 2100-02-28 12:00 | 2100-02-28 23:00 | and none in 2100
1 per 24h               | 2026-03-28 12:00                                     | Europe/Ljubljana                  | 2026-03-29 11:30 | 2026-03-29 12:00 | 24 hours elapse
1 per 1d                | 2026-03-28 12:00                                     | Europe/Ljubljana                  | 2026-03-29 10:30 | 2026-03-29 11:00 | a day goes by the wall clock
3 per 7d                | 2026-03-01 09:00, 2026-03-02 09:00, 2026-03-03 09:00 | Europe/Ljubljana                  | 2026-03-05 09:00 | 2026-03-08 09:00 | rolls
[1 per day, 2 per week] | 2026-03-02 09:00, 2026-03-03 09:00                   | Europe/Ljubljana                  | 2026-03-03 12:00 | 2026-03-08 23:00 | every limit must have room
""")
def test_a_limit_has_room_then(limit: str, sent: str, place: str, now: str, allowed: str) -> None:
    assert chance(place, now, limit=limit, sent=sent) == allowed
