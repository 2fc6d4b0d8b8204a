"""A mistake of ours in the midst of work is logged with its places, and never with its words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from engage.delivery.asking import Asker, Question
from engage.delivery.calling import Caller, DueCall
from engage.delivery.preparing import stumbled
from tests.builders import NOON, an_intent

ADDRESS = "ana@example.com"
QUESTION = Question(delivery_id=7, asked=1, channel="chat", way="chat", address=ADDRESS, around=NOON)
CALL = DueCall(id=7, attempt=1, endpoint="desk", contact_id=1, data={})


class Broken:
    """Everything that a conductor needs beside it. One thing is due, and who is asked about it raises a value that nobody may read."""

    def __init__(self, due: object) -> None:
        self._due = due

    def claim(self, **limits: object) -> list[object]:
        return [self._due]

    def now(self) -> object:
        return NOON

    def run(self, work: Any) -> object:
        return asyncio.run(work)

    async def find(self, missing: object) -> None:
        raise KeyError(ADDRESS)

    async def ask(self, data: object, *, key: str) -> None:
        raise KeyError(ADDRESS)

    def names(self, delivery_id: int) -> tuple[str, str]:
        return "<id>", "key"

    def call_key(self, call_id: int) -> str:
        return "key"


def ask() -> None:
    port: Any = Broken(QUESTION)
    Asker(port, channels=lambda: {"chat": port}, identity=port, clock=port, loop=port, clock_is_real=lambda: True).ask()


def call() -> None:
    port: Any = Broken(CALL)
    Caller(port, endpoints=lambda: {"desk": port}, keys=port, clock=port, loop=port).work()


def deliver() -> None:
    try:
        int(ADDRESS)
    except ValueError as error:
        stumbled(an_intent(), error, NOON)


@pytest.mark.parametrize(("work", "event", "place"), [
    (ask, "question.stumbled", "delivery/asking.py:"), (call, "call.stumbled", "delivery/calling.py:"),
    (deliver, "delivery.stumbled", "delivery/test_stumbling.py:"),
])
def test_a_mistake_is_logged_with_its_places_and_without_its_words(work: Callable[[], None], event: str, place: str) -> None:
    with capture_logs() as logged:
        work()
    (line,) = [each for each in logged if each["event"] == event]
    assert any(at.startswith(place) for at in line["at"]), line
    assert ADDRESS not in str(line)
