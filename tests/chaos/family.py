"""The processes of a fault run as the harness holds them: born in the nursery, armed, killed, stopped, and born again at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that is gone: which, since when (seconds of the machine clock), and what its log of faults said, if it did it itself."""

    pid: int
    name: str
    at: float
    point: str | None


@dataclass(slots=True)
class Birth:
    """A child that is asked for; `pid` is there once `born` is set."""

    born: Event = field(default_factory=Event)
    pid: int = 0


class Family:
    """Processes over one workspace. `on_death` is called in a thread of its own, one death after the other."""

    def __init__(self, workspace: Path, logs: Path, *, environment: Mapping[str, str], on_death: Callable[[Death], object]) -> None:
        self.names: dict[int, str] = {}
        self._workspace = workspace
        self._logs = logs
        self._environment = environment
        self._on_death = on_death
        self._births: dict[int, Birth] = {}
        self._calls = itertools.count(1)
        self._deaths: SimpleQueue[Death | None] = SimpleQueue()
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
            env={**os.environ, **self._environment}, text=True, bufsize=1,
        )
        self._threads = [Thread(target=target, daemon=True) for target in (self._hear, self._mourn)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        self._nursery.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        assert self._nursery.stdout is not None
        self._nursery.stdout.close()

    @property
    def fault_log(self) -> Path:
        """Where processes write down what they are about to do to themselves."""
        return self._logs / "faults.jsonl"

    def bear(self, name: str, *arguments: str, fault: str | None = None) -> int:
        """Start a process, armed with a fault where one is named; its id."""
        birth, call = Birth(), next(self._calls)
        armed = {"ENGAGE_FAULT": fault, "ENGAGE_FAULTS": "allowed", "ENGAGE_FAULT_LOG": str(self.fault_log)} if fault else {}
        wanted = {
            "call": call, "arguments": [name, "--workspace", str(self._workspace), *arguments], "environment": armed,
            "log": str(self._logs / f"{name}.log"),
        }
        with self._lock:
            self._births[call] = birth
            self.names[-call] = name
            self._tell(wanted)
        assert birth.born.wait(PATIENCE), f"no {name} was born"
        return birth.pid

    def alive(self, name: str) -> Sequence[int]:
        """The ids of that name's processes."""
        return [pid for pid, known in list(self.names.items()) if pid > 0 and known == name]

    def kill(self, pid: int) -> None:
        """kill -9."""
        self._signal(pid, signal.SIGKILL)

    def stop(self, pid: int) -> None:
        """Freeze it, as a machine that swaps or a virtual one that is moved does."""
        self._signal(pid, signal.SIGSTOP)

    def go_on(self, pid: int) -> None:
        """Let it go on."""
        self._signal(pid, signal.SIGCONT)

    def end(self, pid: int) -> None:
        """SIGTERM."""
        self._signal(pid, signal.SIGTERM)

    def _signal(self, pid: int, number: int) -> None:
        if pid in self.names:
            with suppress(ProcessLookupError):  # it was quicker
                os.kill(pid, number)

    def _tell(self, wanted: Mapping[str, object]) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{json.dumps(wanted)}\n")
        self._nursery.stdin.flush()

    def _hear(self) -> None:
        assert self._nursery.stdout is not None
        for line in self._nursery.stdout:
            self._heard(json.loads(line))
        self._deaths.put(None)

    def _heard(self, said: Mapping[str, Any]) -> None:
        if "born" in said:
            with self._lock:
                birth = self._births.pop(said["call"])
                self.names[said["born"]] = self.names.pop(-said["call"])
            birth.pid = said["born"]
            birth.born.set()
        else:
            name = self.names.pop(said["died"], "?")
            self._deaths.put(Death(pid=said["died"], name=name, at=said["at"], point=self._point_of(said["died"])))

    def _point_of(self, pid: int) -> str | None:
        """The point at which a process killed itself; None where somebody else did, or it ended."""
        try:
            lines = [json.loads(line) for line in self.fault_log.read_text().splitlines()]
        except FileNotFoundError:
            return None
        return next((line["point"] for line in reversed(lines) if line["pid"] == pid and line["action"] == "kill"), None)

    def _mourn(self) -> None:
        while (death := self._deaths.get()) is not None:
            self._on_death(death)
