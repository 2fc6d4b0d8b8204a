"""Engage's own processes, started as an operator starts them, over a workspace in a folder of the test's own."""

from __future__ import annotations

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

from tests.waiting import until

KEY = "a-key-of-the-tests"
START = [sys.executable, "-c", "from workers.console import main; main()"]
SLOW = 90.0
"""Seconds for a process to start on a machine that is busy with other things."""


@dataclass
class Process:
    """One process of Engage, and what it logged."""

    name: str
    popen: subprocess.Popen[str]
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
        """Start a process; it may not be up yet."""
        log = self.root.parent / f"{name}-{len(self.running)}.log"
        with log.open("w") as out:
            popen = subprocess.Popen(
                [*START, name, "--workspace", str(self.root), *arguments], stdout=out, stderr=out, stdin=subprocess.DEVNULL, text=True,
                cwd=Path(__file__).parents[2], env={**os.environ, "ENGAGE_API_KEY": KEY, **self.environment},
            )
        process = Process(name=name, popen=popen, log=log)
        self.running.append(process)
        return process

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*START, *arguments, "--workspace", str(self.root)], capture_output=True, text=True, timeout=SLOW, check=False,
            cwd=Path(__file__).parents[2], env={**os.environ, **self.environment},
        )


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
