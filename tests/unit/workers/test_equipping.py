"""Channels are made anew with each accepted workspace, and those of before let go without keeping anybody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from engage.channels import Adapter
from engage.model.workspace import Settings, Workspace
from tests.fakes.channel import FakeChannel
from tests.small import small_workspace
from tests.waiting import until
from workers.equipping import Equipping
from workers.loop import LoopThread


class Busy(FakeChannel):
    """Has a message in flight to a provider that is silent."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closing = False

    async def close(self) -> None:
        self.is_closing = True
        await asyncio.Event().wait()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


class Desk:
    """Equipping, over a workspace that is edited."""

    def __init__(self, loop: LoopThread, *channels: FakeChannel) -> None:
        self.workspace: Workspace = small_workspace()
        self._made = iter(channels)
        self.equipping = Equipping(
            lambda: self.workspace, secret=b"secret", loop=loop, load=self._load, let_go_after=0.0, close_within=0.01
        )

    def _load(self, settings: Settings) -> Mapping[str, Adapter]:
        return {"email": next(self._made)}

    def edit(self) -> object:
        """Another version, and its channel."""
        self.workspace = replace(self.workspace, hash=f"{self.workspace.hash}+")
        return self.equipping.equipment().channels["email"]


def test_channels_of_before_are_let_go_once_nobody_can_be_using_them(loop: LoopThread) -> None:
    first, second = FakeChannel(), FakeChannel()
    desk = Desk(loop, first, second)
    assert desk.equipping.equipment().channels["email"] is first
    assert desk.edit() is second
    until(lambda: first.is_closed)
    assert not second.is_closed


def test_a_provider_that_is_silent_keeps_no_edit_and_no_end_of_the_process_waiting(loop: LoopThread) -> None:
    first, second, third = Busy(), Busy(), FakeChannel()
    desk = Desk(loop, first, second, third)
    desk.equipping.equipment()
    assert (desk.edit(), desk.edit()) == (second, third)
    until(lambda: first.is_closing and second.is_closing)
    desk.equipping.close()
    assert third.is_closed
