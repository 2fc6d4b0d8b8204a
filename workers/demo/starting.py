"""How the demo starts the processes of its company: as programs of their own; who drives the demo may start them otherwise."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class Started(Protocol):
    """A process that runs: as much of Popen as is asked of it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


Start = Callable[[Sequence[str], Mapping[str, str]], Started]
"""Starts `engage` with these words, in that environment."""


def program(words: Sequence[str], environment: Mapping[str, str]) -> Started:
    """A program of its own, as a process manager starts it."""
    return subprocess.Popen([sys.executable, "-m", "workers", *words], env=environment)  # noqa: S603  # our own command
