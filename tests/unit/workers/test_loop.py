"""The loop thread: many threads wait for coroutines of one loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from workers.loop import LoopThread


@pytest.fixture
def loop():
    thread = LoopThread()
    yield thread
    thread.close()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def fail() -> None:
    raise LookupError("nobody")


def test_many_threads_get_their_own_answers(loop: LoopThread) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda number: loop.run(double(number)), range(50))) == [number * 2 for number in range(50)]


def test_what_a_coroutine_raises_reaches_who_waits(loop: LoopThread) -> None:
    with pytest.raises(LookupError, match="nobody"):
        loop.run(fail())


def test_closing_cancels_what_still_runs(loop: LoopThread) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(loop.run, asyncio.sleep(60))
        loop.run(double(1))
        loop.close()
        with pytest.raises(CancelledError):
            waiting.result(timeout=10)
