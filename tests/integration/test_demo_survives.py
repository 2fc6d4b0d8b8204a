"""The worker, the scheduler and Valkey are killed while the demo runs: after their restart nothing is lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from rich.console import Console

from engage.model.history import Kind
from engage.store.database import Database
from tests.servers.forks import Forked
from workers.demo.catchers import Tray
from workers.demo.company import Company
from workers.demo.playing import START, company_at_work
from workers.embedded import find_server
from workers.office import OnDisk
from workers.simulations import simulate
from workers.wiring import Wired

END = START + timedelta(days=1)
CAMPAIGNS = ("birthday", "newsletter", "anniversary")
KILLS = ("worker", "valkey", "scheduler", "worker", "valkey", "worker")


@pytest.mark.timeout(400)
@pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine")
def test_nothing_is_lost_where_worker_scheduler_and_valkey_are_killed(tmp_path: Path) -> None:
    tray, console = Tray(), Console(file=(tmp_path / "told.txt").open("w", encoding="utf-8"))
    opened: list[Wired] = []

    def open_wired(root: Path, environment: object) -> Wired:
        wired = OnDisk(root, environment).wire()  # type: ignore[arg-type]  # as the demo calls it
        opened.append(wired)
        return wired

    def start(words: Sequence[str], environment: Mapping[str, str]) -> Forked:
        return Forked(words, environment=environment, out=tmp_path / "said.log", errors=tmp_path / "said.log")

    with company_at_work(open_wired, tray=tray, console=console, start=start) as company:
        (wired,) = opened
        expected = _would_be_sent(wired.database, wired)
        with _killer(company, tray, total=expected.total()) as killed:
            company.play(START, END)
        written = [line for line in wired.history.tail(0, limit=100_000) if line.touch.campaign in CAMPAIGNS]
    handed = Counter((line.label, line.touch.campaign) for line in written if line.touch.kind in (Kind.SENT, Kind.UNKNOWN))
    assert len(killed) >= len(KILLS) - 1
    assert set(handed) == set(expected)
    assert max(handed.values()) == 1
    assert len(tray.all()) >= sum(line.touch.kind is Kind.SENT for line in written)


def _would_be_sent(database: Database, wired: Wired) -> Counter[tuple[str, str | None]]:
    lines = simulate(database, wired.workspace, start=START, end=END)
    return Counter((line.label, line.touch.campaign) for line in lines if line.touch.kind is Kind.SENT)


@contextmanager
def _killer(company: Company, tray: Tray, *, total: int) -> Iterator[list[str]]:
    """Kill one after another while the first half of the messages comes in, so that each kill meets work."""
    over, killed = Event(), list[str]()

    def work() -> None:
        for number, name in enumerate(KILLS):
            while len(tray.all()) <= number * total / len(KILLS) / 2:
                if over.wait(0.02):
                    return
            _kill(company, name)
            killed.append(name)

    thread = Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _kill(company: Company, name: str) -> None:
    victims: dict[str, Callable[[], int]] = {
        "worker": lambda: company.processes[("worker",)].pid, "scheduler": lambda: company.processes[("scheduler",)].pid, "valkey": _valkey,
    }
    os.kill(victims[name](), signal.SIGKILL)


def _valkey() -> int:
    """The server that this process started for the demo."""
    for status in Path("/proc").glob("[0-9]*/status"):
        text = status.read_text(encoding="utf-8")
        if "valkey-server" in text.partition("\n")[0] and f"PPid:\t{os.getpid()}\n" in text:
            return int(status.parent.name)
    raise AssertionError("no Valkey runs")
