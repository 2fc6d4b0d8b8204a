"""Nudges over real brokers: they arrive at once, they are never repeated, and a broker that is away harms nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from tests.servers.rabbitmq import RabbitMq, rabbitmq
from workers.broker import WORKER_TIMEOUT, Nudges, Queue, middleware, open_queue
from workers.embedded import find_server

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    yield from rabbitmq(tmp_path_factory.mktemp("rabbitmq"))


@pytest.fixture(params=["embedded", "rabbitmq", "in-process"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    match request.param:
        case "embedded":
            if find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"):
                pytest.skip("no Valkey binary fits this machine")
            opened = open_queue("embedded", directory=tmp_path / "valkey", environment=os.environ)
            assert opened.shared
        case "rabbitmq":
            opened = open_queue(request.getfixturevalue("rabbit").url, directory=tmp_path, environment={})
        case _:
            opened = Queue(StubBroker(middleware=middleware()), shared=False)
    yield opened
    opened.close()


class Desk:
    """A worker with one thread over a broker, and what it was asked to do."""

    def __init__(self, broker: dramatiq.Broker, *, failing: bool = False) -> None:
        self.asked: SimpleQueue[str] = SimpleQueue()
        self._failing = failing
        self.nudges = Nudges(broker, drain=self._drain, advance=lambda: self.asked.put("advance"), call=lambda: None)
        self.worker = dramatiq.Worker(broker, worker_timeout=WORKER_TIMEOUT, worker_threads=1)
        self.worker.start()

    def _drain(self, queue: str) -> None:
        self.asked.put(queue)
        if self._failing:
            raise RuntimeError("ana@example.com could not be reached")

    def next(self) -> str:
        return self.asked.get(timeout=20)


def test_a_nudge_reaches_the_worker_of_its_queue(queue: Queue) -> None:
    desk = Desk(queue.broker)
    try:
        desk.nudges.drain("transactional")
        assert desk.next() == "transactional"
        desk.nudges.drain("bulk")
        assert desk.next() == "bulk"
        desk.nudges.advance()
        assert desk.next() == "advance"
    finally:
        desk.worker.stop()


def test_a_nudge_that_fails_is_not_repeated_and_the_next_one_is_taken(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(queue.broker, failing=True)
    try:
        desk.nudges.drain("bulk")
        assert desk.next() == "bulk"
        desk.nudges.advance()
        assert desk.next() == "advance"
        with pytest.raises(Empty):
            desk.asked.get(timeout=0.5)
    finally:
        desk.worker.stop()
    assert "ana@example.com" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("setting", ["redis://127.0.0.1:1/0", "amqp://guest:guest@127.0.0.1:1/"])
def test_a_broker_that_is_away_harms_nobody(setting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue = open_queue(setting, directory=tmp_path, environment={})
    nudges = Nudges(queue.broker, drain=lambda name: None, advance=lambda: None, call=lambda: None)
    nudges.drain("bulk", times=3)
    nudges.advance()
    queue.close()
    assert "".join(capsys.readouterr()).count("broker.away") == 1
