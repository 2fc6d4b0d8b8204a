"""Waiting for what another process or thread does: by looking again, never by a fixed sleep."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic


def until(holds: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Look again until it holds; fails the test where it does not within `seconds`."""
    pause = Event()
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it did not come true in time"
        pause.wait(0.02)
