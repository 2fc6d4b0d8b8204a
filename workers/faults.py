"""Faults that a process does to itself at a named point of a delivery: for the fault suite, never in a real installation.

`ENGAGE_FAULT=handed_over:kill:37` kills the process (as `kill -9` does) when it passes that point for the 37th time, `stop` stops it
until somebody sends SIGCONT. `ENGAGE_FAULT_LOG` names a file that gets a line before. Both are refused unless `ENGAGE_FAULTS=allowed`.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import final

from engage.delivery.points import Point, Reached, unheard
from engage.model.errors import InputError

FAULT, LOG, ALLOWED = "ENGAGE_FAULT", "ENGAGE_FAULT_LOG", "ENGAGE_FAULTS"
ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """At the `passage`-th time that the point is passed, counted from 1, the process sends itself the action's signal."""

    point: Point
    action: str
    passage: int


def reached_by(environment: Mapping[str, str]) -> Reached:
    """What is called at each point: nothing, unless the environment arms a fault. Raises InputError where it may not, or makes no sense."""
    text = environment.get(FAULT)
    if not text:
        return unheard
    if environment.get(ALLOWED) != "allowed":
        raise InputError.of(f"{FAULT} breaks this process on purpose; it is for tests, and needs {ALLOWED}=allowed", file="<environment>")
    return armed(read_fault(text), log=environment.get(LOG))


def read_fault(text: str) -> Fault:
    """`POINT:ACTION:PASSAGE`. Raises InputError."""
    point, _, rest = text.partition(":")
    action, _, passage = rest.partition(":")
    if point not in set(Point) or action not in ACTIONS or not passage.isdecimal() or int(passage) < 1:
        known = f"one of {', '.join(Point)}, then {' or '.join(ACTIONS)}, then a number from 1"
        raise InputError.of(f"{FAULT} is no POINT:ACTION:PASSAGE ({known}): {text!r}", file="<environment>")
    return Fault(point=Point(point), action=action, passage=int(passage))


def armed(fault: Fault, *, log: str | None = None, act: Callable[[int, int], object] = os.kill) -> Reached:
    """Counts the passages, in whatever threads they happen, and acts at the one that is meant."""
    passages = count(1)

    def reached(point: Point) -> None:
        if point is fault.point and next(passages) == fault.passage:
            if log is not None:
                _write(log, fault)
            act(os.getpid(), ACTIONS[fault.action])

    return reached


def _write(log: str, fault: Fault) -> None:
    line = json.dumps({"pid": os.getpid(), "point": fault.point, "action": fault.action, "at": time.time()})
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{line}\n".encode())
    finally:
        os.close(handle)
