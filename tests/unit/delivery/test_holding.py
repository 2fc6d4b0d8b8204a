"""A lease in several hands is ended once, by the last one."""

from __future__ import annotations

import asyncio

import pytest

from engage.delivery.holding import Holding, Unawaited
from engage.delivery.ports import LeaseLost, unnoted


def test_the_last_one_ends_it_and_all_must_have_recorded_what_they_had() -> None:
    ended: list[bool] = []
    holding = Holding(1, unnoted, end=ended.append)
    holding.another()
    holding.leave(recorded=False)
    assert ended == []
    holding.leave(recorded=True)
    assert ended == [False]


@pytest.mark.parametrize(("error", "recorded"), [(None, True), (LeaseLost(), False), (OSError("away"), False)])
def test_a_slice_that_is_seen_through_ends_the_lease_whatever_comes_of_it(error: Exception | None, recorded: bool) -> None:
    ended: list[bool] = []
    told: list[str] = []
    holding = Holding(1, unnoted, end=ended.append)

    def away() -> None:
        told.append("silent")
        raise OSError("nobody can be told")

    async def run() -> None:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        unawaited = Unawaited()
        unawaited.see_through(answered, holding, told=away, heard=lambda: told.append("heard"))
        holding.leave(recorded=True)
        await unawaited.finish(0.0)
        assert ended == []
        if error is None:
            answered.set_result(None)
        else:
            answered.set_exception(error)
        await unawaited.finish(10.0)

    asyncio.run(run())
    assert (told, ended) == (["silent", "heard"], [recorded])
