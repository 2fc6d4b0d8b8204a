"""Processes that begin with all of Engage imported, which takes longest, and without the threads and locks of the test's own.

They are copies of a process that has imported it and does nothing else; each process of the test run has one, made when it is first asked.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from workers.console import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.servers.forks", "tests.servers.racing"])
PDEATHSIG = 1


@final
class Forked:
    """The command `engage` with these arguments in a process of its own; what it says goes to files. It is used as a Popen is."""

    def __init__(self, arguments: Sequence[str], *, environment: Mapping[str, str], out: Path, errors: Path) -> None:
        self._process = FORKS.Process(target=_become, args=(tuple(arguments), dict(environment), str(out), str(errors)))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its id."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, negative where a signal ended it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; its exit status."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "it did not end in time"
        return self._process.exitcode

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs still."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _become(arguments: Sequence[str], environment: Mapping[str, str], out: str, errors: str) -> None:
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    for target, path in ((1, out), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), target)
    os.environ.clear()
    os.environ.update(environment)
    main(arguments)
