"""Where the processes of a fault run are born: `engage worker`, `scheduler` and `web`, forked with everything imported.

Each is a process of its own that runs the console command with its arguments, as the Procfile's line does; only the two seconds
of importing are spared, without which hundreds of kills would be hundreds of starts. Before the fork there is one thread.

    {"call": 7, "arguments": ["worker", "--workspace", "…"], "environment": {…}, "log": "…"}  ->  {"call": 7, "born": 4711}
    a child ends                                                                              ->  {"died": 4711, "at": SECONDS}

When standard input ends all children are killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

from workers.console import main

PDEATHSIG = 1


def tend() -> None:
    """Give birth and tell of deaths until standard input ends."""
    pipe, wakes = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(pipe, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    watched = selectors.DefaultSelector()
    watched.register(pipe, selectors.EVENT_READ)
    watched.register(0, selectors.EVENT_READ)
    rest, alive = b"", set[int]()
    while True:
        ready = {key.fd for key, _ in watched.select()}
        if pipe in ready:
            os.read(pipe, 4096)
            _bury(alive)
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                alive.add(_bear(json.loads(line)))
    for child in alive:
        os.kill(child, signal.SIGKILL)


def _bury(alive: set[int]) -> None:
    while alive:
        child, _ = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        _say({"died": child, "at": time.time()})
        alive.discard(child)


def _bear(wanted: Mapping[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        _become(wanted)
    _say({"call": wanted["call"], "born": child})
    return child


def _become(wanted: Mapping[str, Any]) -> None:
    """Never returns: ends with the status of the command."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.update(wanted["environment"])
    status = 0
    try:
        main(wanted["arguments"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # noqa: BLE001  # it is the last thing that this process can say
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        status = 70
    sys.stderr.flush()
    os._exit(status)


def _say(line: Mapping[str, object]) -> None:
    os.write(1, f"{json.dumps(line)}\n".encode())


if __name__ == "__main__":
    tend()
