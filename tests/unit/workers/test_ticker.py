"""The ticker and the scheduler's work at a tick."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Event

from dramatiq.brokers.stub import StubBroker

from tests.builders import NOON
from workers.broker import PREFIX, Nudges, middleware
from workers.ticker import Scheduling, Ticker


class FakePlans:
    def __init__(self) -> None:
        self.ticks: list[datetime] = []

    def tick(self, *, now: datetime) -> int:
        self.ticks.append(now)
        return 0

    def advance(self, *, now: datetime) -> int:
        return 0


class FakeRows:
    def __init__(self, waiting: Mapping[str, int]) -> None:
        self.swept: list[datetime] = []
        self._waiting = waiting

    def sweep(self, *, now: datetime) -> int:
        self.swept.append(now)
        return 1

    def waiting(self, *, now: datetime) -> Mapping[str, int]:
        return self._waiting


class FakeClock:
    def now(self) -> datetime:
        return NOON


class FakeGuard:
    def __init__(self) -> None:
        self.looks: list[datetime] = []

    def look(self, *, now: datetime) -> None:
        self.looks.append(now)


class FakeOutbox:
    def __init__(self, due: int) -> None:
        self._due = due

    def due(self) -> int:
        return self._due


def scheduling(rows: FakeRows, *, calls: int = 0, guard: FakeGuard | None = None) -> tuple[Scheduling, FakePlans, StubBroker]:
    plans, broker = FakePlans(), StubBroker(middleware=middleware())
    nudges = Nudges(broker, drain=lambda queue: None, advance=lambda: None, call=lambda: None)
    watched, outbox = guard or FakeGuard(), FakeOutbox(calls)
    return Scheduling(plans=plans, guard=watched, rows=rows, calls=outbox, clock=FakeClock(), nudges=nudges), plans, broker


def sizes(broker: StubBroker) -> dict[str, int]:
    return {name.removeprefix(PREFIX): queue.qsize() for name, queue in broker.queues.items() if queue.qsize()}


def test_a_tick_plans_by_the_business_clock_and_calls_a_worker_for_each_batch_that_is_due() -> None:
    work, plans, broker = scheduling(FakeRows({"transactional": 1, "bulk": 1_001}))
    work.tick()
    assert plans.ticks == [NOON]
    assert sizes(broker) == {"planning": 1, "transactional": 1, "bulk": 3}


def test_a_tick_calls_one_worker_for_the_calls_of_endpoints_that_are_due() -> None:
    work, _, broker = scheduling(FakeRows({}), calls=40)
    work.tick()
    assert sizes(broker) == {"planning": 1, "calls": 1}


def test_a_large_audience_calls_no_more_workers_than_there_may_be() -> None:
    work, _, broker = scheduling(FakeRows({"bulk": 1_000_000}))
    work.tick()
    assert sizes(broker)["bulk"] == 16


def test_campaigns_are_watched_by_the_business_clock() -> None:
    guard = FakeGuard()
    scheduling(FakeRows({}), guard=guard)[0].watch()
    assert guard.looks == [NOON]


def test_a_sweep_goes_by_the_business_clock() -> None:
    rows = FakeRows({})
    scheduling(rows)[0].sweep()
    assert rows.swept == [NOON]


def test_a_job_runs_at_once_and_again_after_it_raised() -> None:
    runs, again = [], Event()

    def job() -> None:
        runs.append(1)
        if len(runs) > 2:
            again.set()
        raise ConnectionError("the database is away")

    ticker = Ticker()
    ticker.every(0.02, "job", job)
    ticker.start()
    try:
        assert again.wait(20)
    finally:
        ticker.stop()


def test_stopping_waits_for_the_job_in_hand() -> None:
    begun, go, ended = Event(), Event(), Event()

    def job() -> None:
        begun.set()
        go.wait(20)
        ended.set()

    ticker = Ticker()
    ticker.every(60, "job", job)
    ticker.start()
    assert begun.wait(20)
    go.set()
    ticker.stop()
    assert ended.is_set()
