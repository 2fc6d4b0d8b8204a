"""What taking events in asks of the database: one alone, a hundred in one request, and a hundred in as many requests at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Gate
from types import SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa

from bench.costs import Cost, costs
from engage.model.contact import Event
from engage.store.database import Database
from engage.web.api.events import AT_ONCE, Answer, take_all
from engage.web.ports import Site
from engage.web.together import Together
from tests.builders import an_event
from tests.engine import MONDAY, Works
from tests.small import small_workspace
from workers.intake import Intake

NUMBER = 100
EACH, SHARED = 11, 2
"""Statements of an event that enters a run, and of all that are taken in together: whom they mean, and how well each is known."""
WITHIN = 20.0


@dataclass
class Told:
    """Counts the words to the workers."""

    times: int = 0

    def advance(self) -> None:
        self.times += 1

    def drain(self, queue: str) -> None:
        raise AssertionError(queue)


@dataclass
class Asked:
    """What a piece of work asked for."""

    cost: Cost = field(default_factory=Cost)
    transactions: int = 0
    told: int = 0


class Api:
    """What `POST /v1/events` does with events that it could read, over a database."""

    def __init__(self, works: Works) -> None:
        self._told = Told()
        self._engine = works.database.engine
        intake = Intake(works.planner, clock=works.clock, nudges=self._told)
        self._site = cast(Site, SimpleNamespace(intake=intake, people=works.people))

    def take(self, events: Sequence[Event]) -> Sequence[Answer]:
        return take_all(self._site, events)

    @contextmanager
    def counting(self) -> Iterator[Asked]:
        """What the block asks for; the transactions are those that were committed."""
        asked, before = Asked(), self._told.times

        def commits(_: sa.Connection) -> None:
            asked.transactions += 1

        sa.event.listen(self._engine, "commit", commits)
        try:
            with costs(self._engine) as asked.cost:
                yield asked
        finally:
            sa.event.remove(self._engine, "commit", commits)
        asked.told = self._told.times - before


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    works = Works(database, small_workspace())
    works.know(*(f"p{number}" for number in range(NUMBER + 2)))
    made = Api(works)
    made.take([closed(NUMBER + 1)])  # what is read once is read
    yield made
    works.close()


def closed(number: int) -> Event:
    return an_event(id=f"e{number}", contact_id=None, contact_ref=f"p{number}", at=MONDAY, data={"ticket_id": f"T-{number}"})


def test_one_event_that_enters_a_run_is_thirteen_statements_and_two_transactions(api: Api) -> None:
    with api.counting() as asked:
        assert api.take([closed(NUMBER)]) == [(True, "known")]
    assert (asked.cost.statements, asked.transactions, asked.told) == (EACH + SHARED, 2, 1)


def test_a_hundred_of_one_request_share_the_transaction_the_looks_at_contacts_and_the_word_to_the_workers(api: Api) -> None:
    with api.counting() as asked:
        assert api.take([closed(number) for number in range(NUMBER)]) == [(True, "known")] * NUMBER
    assert (asked.cost.statements, asked.transactions, asked.told) == (NUMBER * EACH + SHARED, 2, 1)


def test_one_that_was_taken_before_is_a_single_statement_more(api: Api) -> None:
    again = [closed(number) for number in range(NUMBER)]
    api.take(again)
    with api.counting() as asked:
        assert api.take(again) == [(False, "known")] * NUMBER
    assert (asked.cost.statements, asked.transactions) == (NUMBER + SHARED, 2)


def test_a_hundred_of_as_many_requests_at_once_share_what_two_requests_take(api: Api) -> None:
    began, go = Gate(), Gate()

    def work(events: Sequence[Event]) -> Sequence[Answer]:
        began.set()
        assert go.wait(WITHIN)
        return api.take(events)

    together = Together(work, most=AT_ONCE)
    with ThreadPoolExecutor(NUMBER) as pool, api.counting() as asked:
        first = pool.submit(together.ask, [closed(0)])
        assert began.wait(WITHIN)
        others = [pool.submit(together.ask, [closed(number)]) for number in range(1, NUMBER)]
        while len(together._line) < len(others):
            pass
        go.set()
        assert [each.result(WITHIN) for each in (first, *others)] == [[(True, "known")]] * NUMBER
    assert (asked.cost.statements, asked.transactions, asked.told) == (NUMBER * EACH + 2 * SHARED, 4, 2)
