"""Runs that write their contacts, while others move, tell of and change the same contacts: nobody waits for ever, and each acts once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engage.model.history import Kind
from engage.planning.slots import Entry, Slot
from engage.store.database import Database
from engage.store.planning.transactions import SqlPlanning
from tests.engine import MONDAY, Works
from tests.small import small_workspace

PEOPLE = [f"p{number}" for number in range(20)]
KEYS = ("a", "b", "c")
CAMPAIGN = """\
title: T
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
goal: {event: csat.answered, within: 2d}
exit: {event: ticket.reopened, where: event.ticket_id == 'never'}
steps:
  - set: {city: Celje, timezone: Europe/Vienna}
  - consent: {grant: care}
  - emit: {event: ticket.reopened, data: {ticket_id: "{{ trigger.ticket_id }}"}}
  - send: csat
    channels: {all: [email, sms]}
  - set: {plan: pro}
"""


def test_each_run_acts_once_whoever_moves_it_and_whoever_changes_its_contact_meanwhile(database: Database) -> None:
    works = Works(database, small_workspace(**{"campaigns/follow_up.yaml": CAMPAIGN}))
    works.know(*PEOPLE, phone="+38640123456")
    slots = tuple(Slot(at=MONDAY, key=key, trigger={"ticket_id": key}) for key in KEYS)
    with SqlPlanning(database, workspace=lambda: works.workspace).transaction() as tx:
        for slot in slots:
            tx.enter(Entry(campaign=works.workspace.campaigns["follow_up"], now=MONDAY, position="0", slots=(slot,)))
    conductors = [works.another_conductor(f"worker {number}") for number in range(2)]
    together([
        *[lambda: move(works)] * 3, lambda: tell(works), lambda: change(works),
        *[lambda worker=worker: [worker.drain("bulk") for _ in range(20)] for worker in conductors],  # type: ignore[misc]  # bound by default
    ])
    works.settle()
    counted = {kind: len(works.touches(kind)) for kind in (Kind.SENT, Kind.CONSENT_GRANTED, Kind.FINISHED, Kind.CONVERTED, Kind.DEFERRED)}
    works.close()
    runs = len(PEOPLE) * len(KEYS)
    assert counted == {Kind.SENT: 2 * runs, Kind.CONSENT_GRANTED: runs, Kind.FINISHED: runs, Kind.CONVERTED: runs, Kind.DEFERRED: 0}


def together(doing: list[Callable[[], object]]) -> None:
    """All at once; raises what any of them raised."""
    with ThreadPoolExecutor(len(doing)) as pool:
        for done in [pool.submit(do) for do in doing]:
            done.result(timeout=60)


def move(works: Works) -> None:
    for _ in range(30):
        works.planner.advance(now=MONDAY)


def tell(works: Works) -> None:
    for number, who in enumerate(PEOPLE * 2):
        works.happen("csat.answered", who, id=f"answer {number}", ticket_id="T-1", score=5)


def change(works: Works) -> None:
    for number, who in enumerate(PEOPLE * 2):
        contact = works.people.find(who)
        assert contact is not None
        works.people.change(contact.id, {"timezone": "Europe/Kyiv" if number % 2 else "Europe/Ljubljana"}, now=MONDAY)
