"""The endpoints of the accepted workspace, which the step `call` asks, or its webhooks: made once for each snapshot and process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import final

from engage.channels.endpoint import HttpEndpoint, load_endpoints
from engage.model.workspace import Settings, Workspace
from workers.loop import LoopThread


@final
class Endpoints:
    """Hands out the endpoints of the current workspace. Safe to use from many threads."""

    def __init__(
        self, workspace: Callable[[], Workspace], *, loop: LoopThread,
        load: Callable[[Settings], Mapping[str, HttpEndpoint]] = load_endpoints,
    ) -> None:
        self._workspace = workspace
        self._load = load
        self._loop = loop
        self._hash: str | None = None
        self._current: Mapping[str, HttpEndpoint] = {}
        self._retired: list[HttpEndpoint] = []
        self._lock = Lock()

    def now(self) -> Mapping[str, HttpEndpoint]:
        """By their names. Raises InputError where a secret is none."""
        workspace = self._workspace()
        with self._lock:
            if self._hash != workspace.hash:
                fresh = self._load(workspace.settings)
                # A call may still be under way by those of before: they are let go when the ones after them are.
                self._close(self._retired)
                self._retired, self._current, self._hash = list(self._current.values()), fresh, workspace.hash
            return self._current

    def close(self) -> None:
        """Let go of every connection; nothing is being called any more. Safe to repeat."""
        with self._lock:
            self._close([*self._retired, *self._current.values()])
            self._retired, self._current, self._hash = [], {}, None

    def _close(self, endpoints: list[HttpEndpoint]) -> None:
        for endpoint in endpoints:
            self._loop.run(endpoint.close())
