"""What goes with an accepted workspace: its templates and its channels, made once for each snapshot and process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import final

from engage.channels import Adapter, load_channels, tell_hand_overs
from engage.delivery.equipment import Equipment
from engage.delivery.points import Point, Reached, unheard
from engage.model.workspace import Settings, Workspace
from engage.templates import Templates
from workers.loop import LoopThread

LET_GO_AFTER = 120.0
"""Seconds for which a batch may still send by the channels of before."""

CLOSE_WITHIN = 5.0
"""Seconds for which a process that ends waits for its channels: what a provider has not answered by then is unknown."""


@final
class Equipping:
    """Hands out the equipment of the current workspace. Safe to use from many threads; nobody waits for a provider here."""

    def __init__(
        self, workspace: Callable[[], Workspace], *, secret: bytes, loop: LoopThread, reached: Reached = unheard,
        load: Callable[[Settings], Mapping[str, Adapter]] = load_channels, let_go_after: float = LET_GO_AFTER,
        close_within: float = CLOSE_WITHIN,
    ) -> None:
        self._workspace = workspace
        self._secret = secret
        self._loop = loop
        self._reached = reached
        self._load = load
        self._let_go_after, self._close_within = let_go_after, close_within
        self._current: Equipment | None = None
        self._retired: list[Adapter] = []
        self._channels: Mapping[str, Adapter] = {}
        self._lock = Lock()

    def equipment(self) -> Equipment:
        """Templates and channels of the newest accepted workspace. Raises InputError where an adapter refuses its options."""
        workspace = self._workspace()
        with self._lock:
            if self._current is None or self._current.workspace.hash != workspace.hash:
                self._renew(workspace)
            assert self._current is not None  # noqa: S101  # _renew has just set it, or raised
            return self._current

    def _renew(self, workspace: Workspace) -> None:
        channels = self._load(workspace.settings)
        if self._reached is not unheard:
            tell_hand_overs(channels.values(), lambda: self._reached(Point.HANDED_OVER))
        if self._channels:
            self._loop.begin(self._let_go(list(self._channels.values())))
        self._channels = channels
        self._current = Equipment(workspace=workspace, renderer=Templates(workspace, secret=self._secret), channels=channels)

    def close(self) -> None:
        """Let go of every connection; nothing is being sent any more. Safe to repeat."""
        with self._lock:
            closing = [*self._retired, *self._channels.values()]
            self._retired, self._channels, self._current = [], {}, None
        if closing:
            self._loop.run(_close(closing, within=self._close_within))

    async def _let_go(self, channels: Iterable[Adapter]) -> None:
        """A batch may still be sending by them, and a provider be silent for as long as it likes: nobody waits for that."""
        self._retired.extend(channels)
        await asyncio.sleep(self._let_go_after)
        await _close(channels, within=None)
        with self._lock:
            self._retired = [each for each in self._retired if each not in channels]


async def _close(channels: Iterable[Adapter], *, within: float | None) -> None:
    async def close(channel: Adapter) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(channel.close(), within)

    await asyncio.gather(*map(close, channels), return_exceptions=True)
