"""A worker's work at a nudge: it goes on to what it made due, and bulk never takes every thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Event, Thread

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from tests.builders import NOON
from workers.broker import PREFIX, Nudges, middleware
from workers.work import Work


class FakePlans:
    def __init__(self, batches: list[int]) -> None:
        self.batches = batches

    def tick(self, *, now: datetime) -> int:
        return 0

    def advance(self, *, now: datetime) -> int:
        return self.batches.pop(0) if self.batches else 0


class FakeRows:
    def __init__(self, waiting: Mapping[str, int]) -> None:
        self._waiting = waiting

    def sweep(self, *, now: datetime) -> int:
        return 0

    def waiting(self, *, now: datetime) -> Mapping[str, int]:
        return self._waiting


class FakeConductor:
    """Hands over `taken` deliveries; a bulk drain waits for `go` where one is given."""

    def __init__(self, taken: int = 0, go: Event | None = None) -> None:
        self.drained: list[str] = []
        self.stopped = False
        self._taken = taken
        self._go = go

    def drain(self, queue: str) -> int:
        self.drained.append(queue)
        if self._go is not None and queue == "bulk":
            self._go.wait(10)
        return self._taken

    def stop(self) -> None:
        self.stopped = True

    def finish(self, *, within: float) -> None:
        assert self.stopped


class FakeClock:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def broker() -> dramatiq.Broker:
    return StubBroker(middleware=middleware())


class FakeCaller:
    """Makes calls, until there are none; the first waits for `go` where one is given."""

    def __init__(self, *made: int, go: Event | None = None) -> None:
        self.made = list(made)
        self.drained = 0
        self.stopped = False
        self._go = go

    def due(self) -> int:
        return sum(self.made)

    def drain(self) -> int:
        self.drained += 1
        if self._go is not None:
            self._go.wait(10)
        return self.made.pop(0) if self.made else 0

    def stop(self) -> None:
        self.stopped = True


def work_of(
    *, plans: FakePlans | None = None, conductor: FakeConductor | None = None, caller: FakeCaller | None = None,
    waiting: Mapping[str, int] | None = None,
) -> Work:
    called = caller or FakeCaller()
    return Work(
        plans=plans or FakePlans([]), conductor=conductor or FakeConductor(), caller=called, rows=FakeRows(waiting or {}), calls=called,
        clock=FakeClock(), threads=4,
    )


def announced(work: Work, broker: StubBroker) -> Work:
    work.announce(Nudges(broker, drain=work.drain, advance=work.advance, call=work.call))
    return work


def sizes(broker: StubBroker) -> dict[str, int]:
    return {name.removeprefix(PREFIX): queue.qsize() for name, queue in broker.queues.items() if queue.qsize()}


def test_runs_are_moved_until_none_is_due_and_their_deliveries_are_told_of(broker: StubBroker) -> None:
    plans = FakePlans([500, 20])
    announced(work_of(plans=plans, waiting={"transactional": 3, "bulk": 1200}), broker).advance()
    assert plans.batches == []
    assert sizes(broker) == {"transactional": 1, "bulk": 3}


def test_nothing_moved_tells_nobody(broker: StubBroker) -> None:
    announced(work_of(waiting={"bulk": 7}), broker).advance()
    assert sizes(broker) == {}


def test_outcomes_are_told_to_the_runs_that_wait_for_them(broker: StubBroker) -> None:
    announced(work_of(conductor=FakeConductor(taken=3)), broker).drain("transactional")
    assert sizes(broker) == {"planning": 1}


def test_bulk_leaves_threads_for_what_a_person_waits_for() -> None:
    go = Event()
    conductor = FakeConductor(go=go)
    work = work_of(conductor=conductor)
    busy = [Thread(target=work.drain, args=("bulk",)) for _ in range(4)]
    for thread in busy:
        thread.start()
    busy[-1].join(0.2)
    work.drain("transactional")
    go.set()
    for thread in busy:
        thread.join(10)
    assert conductor.drained.count("bulk") == 2
    assert conductor.drained.count("transactional") == 1


def test_answers_of_endpoints_are_told_to_the_runs_that_wait_for_them(broker: StubBroker) -> None:
    announced(work_of(caller=FakeCaller(2)), broker).call()
    assert sizes(broker) == {"planning": 1}


def test_a_slow_endpoint_holds_up_one_thread() -> None:
    go = Event()
    caller = FakeCaller(go=go)
    work = work_of(caller=caller)
    slow = Thread(target=work.call)
    slow.start()
    while not caller.drained:
        slow.join(0.01)
    work.call()
    go.set()
    slow.join(10)
    assert caller.drained == 1


def test_a_sweep_does_all_that_is_due_without_any_nudge() -> None:
    conductor, plans, caller = FakeConductor(), FakePlans([4]), FakeCaller(1)
    work_of(conductor=conductor, plans=plans, caller=caller).sweep()
    assert plans.batches == []
    assert caller.made == []
    assert conductor.drained == ["transactional", "bulk"]


def test_stopping_begins_nothing_more() -> None:
    conductor, plans = FakeConductor(), FakePlans([4])
    work = work_of(conductor=conductor, plans=plans)
    work.stop()
    work.advance()
    assert conductor.stopped
    assert plans.batches == [4]
