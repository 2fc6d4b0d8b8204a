"""The processes that send in the bench of delivery: Engage's own worker, and the baseline that only speaks SMTP.

Each says `ready`, waits for a line, works, and prints what it cost as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, final

import aiosmtplib
import sqlalchemy as sa

from bench.mailing import NOW
from engage.settings import read_folder
from workers.memory import collect_rarely
from workers.opening import open_only

THREADS = 2
"""Bulk drains of a worker process at once, as `engage worker` has them."""


@final
class Fixed:
    """A business clock that stands still, and asks nobody."""

    def now(self) -> Any:
        """The moment of the bench."""
        return NOW


def work(folder: str) -> None:
    """A worker process over the workspace in the folder, until nothing is due."""
    root = Path(folder)
    wired = open_only(root, {}, files=read_folder(root), check=lambda files: ())
    wired.clock = Fixed()
    conductor, statements = wired.conductor, Counter[str]()
    wired.accepted.workspace()
    wired.equipping.equipment()
    collect_rarely()
    sa.event.listen(wired.database.engine, "before_cursor_execute", lambda *about: statements.update(["statements"]))
    sa.event.listen(wired.database.engine, "commit", lambda connection: statements.update(["commits"]))
    with _measured() as cost, ThreadPoolExecutor(THREADS) as pool:
        cost["mails"] = sum(pool.map(lambda _: conductor.drain("bulk"), range(THREADS)))
    _tell({**cost, **statements})
    wired.close()


def baseline(port: str, mails: str, connections: str, content: str) -> None:
    """So many mails of prebuilt bytes over so many kept connections of aiosmtplib, and nothing else."""
    body = Path(content).read_bytes()

    async def lane(numbers: range) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=int(port), start_tls=False, local_hostname="localhost")
        await client.connect()
        for number in numbers:
            await client.sendmail("hello@aurora.example", [f"c{number}@example.com"], body)
        await client.quit()

    async def all_lanes() -> None:
        await asyncio.gather(*(lane(range(start, int(mails), int(connections))) for start in range(int(connections))))

    with _measured() as cost:
        asyncio.run(all_lanes())
    _tell({**cost, "mails": int(mails)})


class _measured:  # read as a verb
    """What the block costs: seconds, CPU seconds, memory. It begins at a word from outside."""

    def __enter__(self) -> dict[str, Any]:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        self._cpu, self._began, self.cost = _cpu(), time.time(), dict[str, Any]()
        return self.cost

    def __exit__(self, *_: object) -> None:
        self.cost.update(began=self._began, ended=time.time(), cpu_s=_cpu() - self._cpu, peak_rss_mb=round(_peak(), 1))


def _peak() -> float:
    """Megabytes; what `getrusage` tells of a process includes what its parent had when it was begun."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _tell(cost: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(cost) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"work": work, "baseline": baseline}[sys.argv[1]](*sys.argv[2:])
