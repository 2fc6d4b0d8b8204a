"""Ten schedulers, a hundred workers, as real processes on both databases: nobody enters twice, and no limit is passed.

On SQLite, which lets one of them write at a time, forty workers.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from engage.model.history import Kind
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.servers.racing import Ground, hand_over_one_by_one, plan, race
from tests.small import FILES, small_workspace

PEOPLE = [f"p{number}" for number in range(12)]
NINE = MONDAY.replace(hour=8)
MINUTE = timedelta(minutes=1)


def _campaign(name: str, trigger: str, *, purpose: str = "care", priority: int = 5) -> dict[str, str]:
    text = f"title: {name}\npurpose: {purpose}\nstatus: live\npriority: {priority}\ntrigger: {trigger}\nsend: wishes\nchannels: [email]\n"
    return {f"campaigns/{name}.yaml": text}


ONE_A_DAY = {
    "engage.yaml": FILES["engage.yaml"].replace("consent: opt_out}", "consent: opt_out, limit: 1 per day}"),
    "templates/wishes/email.md": "---\nsubject: Hello\n---\nHello! {{ message.unsubscribe_url }}\n",
    **dict.fromkeys(("campaigns/birthday.yaml", "campaigns/follow_up.yaml", "campaigns/newsletter.yaml"), None),
}


def test_ten_schedulers_at_once_let_everybody_in_once(database: Database, database_url: str) -> None:
    files = {
        **ONE_A_DAY, **_campaign("anniversary", "{date: birth_date, at: 09:00}"),
        **_campaign("monthly", "{date: birth_date, repeat: monthly, at: 09:00}"),
        **_campaign("hourly", '{schedule: "*/30 * * * *"}'), **_campaign("local", '{schedule: "0 9 * * *", in: contact}'),
        **_campaign("joined", "{enters: pros}"), "segments/pros.yaml": "audience: contact.plan == 'pro'\n",
    }
    works = Works(database, small_workspace(**files), at=NINE - 29 * MINUTE)
    born = date(1990, NINE.month, NINE.day)
    works.know(*PEOPLE, birth_date=born)
    works.planner.tick(now=works.clock.now())
    works.clock.move(NINE - 10 * MINUTE)
    works.know(*PEOPLE, birth_date=born, plan="pro")
    race(Ground(url=database_url, files=files, moments=[NINE - MINUTE, NINE, NINE + 31 * MINUTE]), plan, processes=10)
    entered = Counter((touch.campaign, touch.contact_id) for touch in works.touches(Kind.ENTERED))
    works.close()
    times = {"anniversary": 1, "monthly": 1, "hourly": 2, "local": 1, "joined": 1}
    assert {campaign: set(_values(entered, campaign)) for campaign in times} == {campaign: {number} for campaign, number in times.items()}
    assert (_count(database, "runs"), _count(database, "deliveries")) == (6 * len(PEOPLE), 6 * len(PEOPLE))


def close_tickets(works: Works, *, number: int) -> None:
    """A web process: the same twenty events, posted again by every one."""
    for label in PEOPLE:
        works.happen("ticket.closed", label, id=f"closed-{label}", at=MONDAY, ticket_id=label)
    plan(works, number=number)


def test_ten_processes_that_take_in_the_same_events_make_one_run_of_each(database: Database, database_url: str) -> None:
    files = {**ONE_A_DAY, **_campaign("after_ticket", "{event: ticket.closed, key: event.ticket_id}")}
    works = Works(database, small_workspace(**files))
    works.know(*PEOPLE)
    race(Ground(url=database_url, files=files, moments=[MONDAY]), close_tickets, processes=10)
    entered = Counter(touch.contact_id for touch in works.touches(Kind.ENTERED))
    works.close()
    assert (len(entered), set(entered.values())) == (len(PEOPLE), {1})
    assert (_count(database, "runs"), _count(database, "deliveries")) == (len(PEOPLE), len(PEOPLE))


def test_a_hundred_workers_racing_for_a_limit_of_one_send_exactly_one(database: Database, database_url: str) -> None:
    files = {**ONE_A_DAY, **_campaign("after_ticket", "{event: ticket.closed}")}
    works = Works(database, small_workspace(**files))
    works.know("ana")
    for number in range(100):
        works.happen("ticket.closed", "ana", id=f"e{number}", ticket_id=str(number))
    works.planner.advance(now=MONDAY)
    processes = 10 if database.dialect == "postgresql" else 4
    sent = race(Ground(url=database_url, files=files, moments=[MONDAY]), hand_over_one_by_one, processes=processes)
    told, put_off = works.touches(Kind.SENT), works.touches(Kind.DEFERRED)
    works.close()
    assert sent == ["ana@example.com"]
    assert (len(told), {touch.reason for touch in put_off}) == (1, {"limit"})


def test_of_two_campaigns_that_race_for_a_limit_the_more_important_one_gets_it(database: Database, database_url: str) -> None:
    files = {
        **ONE_A_DAY, **_campaign("low", "{event: ticket.closed}", priority=1), **_campaign("high", "{event: ticket.closed}", priority=9),
        **_campaign("always", "{event: ticket.closed}", purpose="service", priority=0),
    }
    works = Works(database, small_workspace(**files))
    works.know(*PEOPLE)
    for label in PEOPLE:
        works.happen("ticket.closed", label, ticket_id=label)
    works.planner.advance(now=MONDAY)
    race(Ground(url=database_url, files=files, moments=[MONDAY]), hand_over_one_by_one, processes=4)
    sent = Counter(touch.campaign for touch in works.touches(Kind.SENT))
    works.close()
    assert sent == {"high": len(PEOPLE), "always": len(PEOPLE)}


def _values(entered: Counter[tuple[str, int]], campaign: str) -> list[int]:
    """How often each contact entered the campaign; all of them did."""
    times = [number for (name, _), number in entered.items() if name == campaign]
    assert len(times) == len(PEOPLE)
    return times


def _count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
