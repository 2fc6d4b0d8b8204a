"""The fake provider as the harness holds it: started, scripted, and its log read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from tests.chaos.provider import DROP

ROOT = Path(__file__).parents[2]
ID = re.compile(r"<?d(\d+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that the provider took. `told`: its sender could hear of it."""

    at: float
    channel: str
    key: str
    address: str
    told: bool

    @property
    def delivery_id(self) -> int:
        """The delivery that its key names; whether the rest of the key is right is the checker's business."""
        found = ID.match(self.key)
        return int(found.group(1)) if found else 0


class Provider:
    """Runs for as long as the block does."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._taken: list[Taken] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.provider", str(self._log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
            text=True, bufsize=1,
        )
        assert self._process.stdout is not None
        self._ports = json.loads(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    @property
    def smtp_url(self) -> str:
        """For the channel's `url`."""
        return f"smtp://127.0.0.1:{self._ports['smtp']}"

    @property
    def sms_url(self) -> str:
        """For the channel's `url`."""
        return f"http://127.0.0.1:{self._ports['http']}/sms"

    def answer(self, phase: str, reply: str, *, times: int) -> None:
        """Script so many answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps({'phase': phase, 'reply': reply, 'times': times})}\n")
        self._process.stdin.flush()

    def lose_replies(self, times: int) -> None:
        """Take so many mails and so many SMS, and never say so."""
        self.answer("dot", DROP, times=times)
        self.answer("post", DROP, times=times)

    def taken(self) -> Sequence[Taken]:
        """All that it took so far; what was read before is not read again."""
        with self._lock:
            if self._log.exists():
                with self._log.open("rb") as log:
                    log.seek(self._offset)
                    *lines, rest = log.read().split(b"\n")
                    self._offset = log.tell() - len(rest)
                self._taken += [_read(line.decode()) for line in lines]
            return self._taken


def _read(line: str) -> Taken:
    at, channel, key, address, told = line.split(" ")
    return Taken(at=float(at), channel=channel, key=key, address=address, told=told == "1")
