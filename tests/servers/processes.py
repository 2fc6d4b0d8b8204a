"""Engage's own processes over a workspace in a folder of the test's own, started as operators start them, or forked as if they were."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.servers.forks import Forked
from tests.waiting import until

KEY = "a-key-of-the-tests"
START = [sys.executable, "-c", "from workers.console import main; main()"]
ROOT = Path(__file__).parents[2]
NUMBERS = itertools.count(1)
SLOW = 90.0
"""Seconds for a process to start on a machine that is busy with other things."""


class Running(Protocol):
    """A process, whether it was started or forked: as much of Popen as is needed here."""

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...


@dataclass
class Process:
    """One process of Engage, and what it logged."""

    name: str
    popen: Running
    log: Path

    def logged(self, event: str) -> Sequence[Mapping[str, object]]:
        """The log's lines about that event."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith('{"'))
        return [line for line in lines if line["event"] == event]

    def started(self) -> Process:
        """Wait until it says that it runs."""
        until(lambda: self.logged("process.started") or self.popen.poll() is not None, seconds=SLOW)
        assert self.popen.poll() is None, self.log.read_text()
        return self

    @property
    def address(self) -> str:
        """Where its web answers."""
        until(lambda: self.logged("web.listening"))
        return str(self.logged("web.listening")[0]["address"])

    def post(self, path: str, body: object, *, key: str = KEY) -> Mapping[str, object]:
        """The answer to a POST."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data=json.dumps(body).encode(), headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=SLOW)

    def kill(self) -> None:
        """kill -9, as a machine that runs out of memory does."""
        self.popen.kill()
        self.popen.wait()


@dataclass
class Ground:
    """A workspace's folder and the processes started over it; all are gone at the end."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    running: list[Process] = field(default_factory=list)

    def start(self, name: str, *arguments: str) -> Process:
        """Start a process, forked with everything imported; it may not be up yet."""
        log = self._log(name)
        return self._runs(name, log, Forked(self._words(name, *arguments), environment=self._surroundings(), out=log, errors=log))

    def launch(self, name: str, *arguments: str) -> Process:
        """Start a process as a program of its own, in two seconds more."""
        log = self._log(name)
        with log.open("w") as out:
            command = [*START, *self._words(name, *arguments)]
            popen = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=ROOT, env=self._surroundings())
        return self._runs(name, log, popen)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        out, errors = (self.root.parent / f"command-{next(NUMBERS)}.{kind}" for kind in ("out", "errors"))
        words = [*arguments, "--workspace", str(self.root)]
        status = Forked(words, environment={**os.environ, **self.environment}, out=out, errors=errors).wait(timeout=SLOW)
        return subprocess.CompletedProcess(words, status, out.read_text(), errors.read_text())

    def _words(self, name: str, *arguments: str) -> Sequence[str]:
        return [name, "--workspace", str(self.root), *arguments]

    def _surroundings(self) -> Mapping[str, str]:
        return {**os.environ, "ENGAGE_API_KEY": KEY, **self.environment}

    def _log(self, name: str) -> Path:
        log = self.root.parent / f"{name}-{len(self.running)}.log"
        log.touch()
        return log

    def _runs(self, name: str, log: Path, popen: Running) -> Process:
        process = Process(name=name, popen=popen, log=log)
        self.running.append(process)
        return process


@contextmanager
def ground(root: Path, environment: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """A ground that leaves no process behind."""
    made = Ground(root, environment or {})
    try:
        yield made
    finally:
        for process in made.running:
            if process.popen.poll() is None:
                process.kill()
