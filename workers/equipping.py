"""What goes with an accepted workspace: its templates and its channels, made once for each snapshot and process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import final

from engage.channels import Adapter, load_channels, tell_hand_overs
from engage.delivery.equipment import Equipment
from engage.delivery.points import Point, Reached, unheard
from engage.model.workspace import Workspace
from engage.templates import Templates
from workers.loop import LoopThread


@final
class Equipping:
    """Hands out the equipment of the current workspace. Safe to use from many threads."""

    def __init__(self, workspace: Callable[[], Workspace], *, secret: bytes, loop: LoopThread, reached: Reached = unheard) -> None:
        self._workspace = workspace
        self._secret = secret
        self._loop = loop
        self._reached = reached
        self._current: Equipment | None = None
        self._retired: list[Adapter] = []
        self._channels: dict[str, Adapter] = {}
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
        channels = dict(load_channels(workspace.settings))
        if self._reached is not unheard:
            tell_hand_overs(channels.values(), lambda: self._reached(Point.HANDED_OVER))
        # A batch may still be sending by the channels of before: they are let go when the ones after them are.
        self._close(self._retired)
        self._retired = list(self._channels.values())
        self._channels = channels
        self._current = Equipment(workspace=workspace, renderer=Templates(workspace, secret=self._secret), channels=channels)

    def close(self) -> None:
        """Let go of every connection; nothing is being sent any more. Safe to repeat."""
        with self._lock:
            self._close([*self._retired, *self._channels.values()])
            self._retired, self._channels, self._current = [], {}, None

    def _close(self, channels: list[Adapter]) -> None:
        for channel in channels:
            self._loop.run(channel.close())
