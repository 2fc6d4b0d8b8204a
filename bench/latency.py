"""How long a person waits: from an accepted event to its mail at the server, while a newsletter goes out beside it.

`python -m bench.latency [--rate 50] [--seconds 120] [--bulk 50000] [--processes one|apart] [--database sqlite|postgresql]`

Events are posted to `POST /v1/events` at a fixed rate, whether the ones before were answered or not. Measured is from the 2xx to the
moment at which a mail server has the content's last dot; and, besides, from the moment at which the event was to be posted. The bulk
campaign is a scheduled one, over contacts of its own, sent by the same workers. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import aiohttp
import sqlalchemy as sa

from engage.contacts.ports import Person
from engage.store.database import Database
from engage.store.schema.tables import deliveries
from tests.servers.postgres import postgres
from tests.servers.processes import KEY, Process, ground
from workers.office import OnDisk

PEOPLE = 1_000
"""Whom the events are about."""

WARM_UP = 40
"""Events before the ones that count: every process has made its connections and compiled its templates by then."""

IMPORT = 10_000
LEAD = timedelta(seconds=6)
"""Until the newsletter's hour: it is accepted by then."""

LOOK_EVERY = 0.2
GOALS = {"p95_s": 2.0, "p99_s": 5.0}

SETTINGS = """
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
database: "${DATABASE}"
broker: embedded
timezone: UTC
events:
  ticket.closed: {ticket_id: text}
purposes:
  service: {title: "Your requests", consent: none, quiet_hours: ignore, on_unknown: resend}
  news: {title: "News", consent: opt_out}
channels:
  email: {adapter: smtp, url: "${SMTP_URL}", from: "Aurora <hello@aurora.example>"}
"""
ANSWERED = """
title: We have answered you
purpose: service
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
send: answered
channels: [email]
"""
NEWSLETTER = """
title: News
purpose: news
status: live
trigger: {{schedule: {at}, in: UTC}}
audience: contact.city == 'Bulk'
send: news
channels: [email]
"""
LETTER = """---
subject: "Ticket {{ trigger.ticket_id }}"
---
Hello {{ contact.first_name | default('you') }}, we have answered.
"""
NEWS = """---
subject: News
---
Hello {{ contact.first_name | default('you') }}!

[Unsubscribe]({{ message.unsubscribe_url }})
"""
FILES = {
    "engage.yaml": SETTINGS, "campaigns/answered.yaml": ANSWERED, "templates/answered/email.md": LETTER, "templates/news/email.md": NEWS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An event: when it was to be posted, and when the API had accepted it."""

    due: float
    accepted: float


def main(arguments: Sequence[str]) -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--bulk", type=int, default=50_000, help="people of the newsletter that goes out meanwhile; 0 for none")
    parser.add_argument("--processes", choices=("one", "apart"), default="apart", help="engage run, or web, scheduler and 2 workers")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="engage-latency-") as folder, ExitStack() as running:
        database = _on(running, asked.database)
        notes = Path(folder) / "mailbox.txt"
        port = running.enter_context(_mailbox(notes))
        root = _workspace(Path(folder) / "company", database=database, port=port, bulk=asked.bulk)
        found = _measure(root, notes, asked)
    sys.stdout.write(json.dumps({**vars(asked), **found}) + "\n")


def _on(running: ExitStack, kind: str) -> str:
    return "sqlite:///var/engage.db" if kind == "sqlite" else running.enter_context(postgres())


@contextmanager
def _mailbox(notes: Path) -> Iterator[int]:
    notes.touch()
    server = subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "bench.mailbox", str(notes)], stdout=subprocess.PIPE, text=True,
    )
    try:
        yield int(server.stdout.readline() if server.stdout is not None else 0)
    finally:
        server.terminate()
        server.wait()


def _workspace(root: Path, *, database: str, port: int, bulk: int) -> Path:
    for name, text in {**FILES, ".env": f"DATABASE={database}\nSMTP_URL=smtp://127.0.0.1:{port}\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    with OnDisk(root).engaged() as wired:
        for first in range(0, PEOPLE + bulk, IMPORT):
            numbers = range(first, min(first + IMPORT, PEOPLE + bulk))
            wired.people.upsert([_person(number) for number in numbers], now=wired.clock.now())
        with wired.database.begin() as connection:
            if wired.database.dialect == "postgresql":  # which does so by itself, within a minute or so; until then it plans by nothing
                connection.exec_driver_sql("ANALYZE")
    return root


def _person(number: int) -> Person:
    of = "Tickets" if number < PEOPLE else "Bulk"
    name = f"c{number}"
    return Person(attributes={"external_id": name, "email": f"{name}@example.com", "first_name": name.title(), "city": of})


def _measure(root: Path, notes: Path, asked: argparse.Namespace) -> Mapping[str, object]:
    with ground(root) as grounds:
        names = ["run"] if asked.processes == "one" else ["web", "worker", "worker", "scheduler"]
        started = [grounds.start(name, *(["--port", "0"] if name in ("run", "web") else [])) for name in names]
        for process in started:
            process.started()
        asyncio.run(_post(started[0], rate=asked.rate, events=range(WARM_UP)))
        _await(notes, WARM_UP)
        if asked.bulk:
            at = (_now(root) + LEAD).strftime("%Y-%m-%dT%H:%M:%S")
            (root / "campaigns/newsletter.yaml").write_text(NEWSLETTER.format(at=at), encoding="utf-8")
            _await_bulk(root)
        before, spent = _left(root), [_cpu_seconds(process) for process in started]
        posted = asyncio.run(_post(started[0], rate=asked.rate, events=range(WARM_UP, WARM_UP + int(asked.rate * asked.seconds))))
        arrived = _await(notes, WARM_UP + len(posted))
        after = _left(root)
        cpu = {f"{place}_{process.name}": round(_cpu_seconds(process) - spent[place], 1) for place, process in enumerate(started)}
    return _told(posted, arrived, bulk=(before, after), cpu=cpu)


async def _post(process: Process, *, rate: float, events: range) -> Mapping[str, Posted]:
    """Post them at the rate; by ticket, when each was accepted."""
    posted: dict[str, Posted] = {}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(process.address, headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(number: int, due: float) -> None:
            body = {"id": f"e{number}", "type": "ticket.closed", "contact": f"c{number % PEOPLE}", "data": {"ticket_id": f"T-{number}"}}
            async with session.post("/v1/events", json=body) as answer:
                answer.raise_for_status()
                posted[f"Ticket T-{number}"] = Posted(due=due, accepted=time.monotonic())

        start, tasks = time.monotonic(), []
        for place, number in enumerate(events):
            due = start + place / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.ensure_future(one(number, due)))
        await asyncio.gather(*tasks)
    return posted


def _now(root: Path) -> datetime:
    with OnDisk(root).engaged() as wired:
        return wired.clock.now()


def _await(notes: Path, count: int) -> Mapping[str, float]:
    """When each mail came, once so many have."""
    deadline = time.monotonic() + 120
    while True:
        lines = [line.split(" ", 1) for line in notes.read_text(encoding="utf-8").splitlines()]
        found = {subject: float(at) for at, subject in reversed(lines)}
        if len(found) >= count or time.monotonic() > deadline:
            return found
        Event().wait(LOOK_EVERY)


def _await_bulk(root: Path) -> None:
    while not _left(root):
        Event().wait(LOOK_EVERY)


def _left(root: Path) -> int:
    """How many of the newsletter are still to go."""
    with closing(Database.open(OnDisk(root).settings().database)) as database, database.read() as connection:
        waiting = (deliveries.c.campaign == "newsletter", deliveries.c.state.in_(("waiting", "sending")))
        return connection.scalar(sa.select(sa.func.count()).select_from(deliveries).where(*waiting)) or 0


def _cpu_seconds(process: Process) -> float:
    fields = Path(f"/proc/{process.popen.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _told(
    posted: Mapping[str, Posted], arrived: Mapping[str, float], *, bulk: tuple[int, int], cpu: Mapping[str, float]
) -> Mapping[str, object]:
    lost = sorted(set(posted) - set(arrived))
    waits = sorted(max(0.0, arrived[name] - each.accepted) for name, each in posted.items() if name in arrived)
    whole = sorted(arrived[name] - each.due for name, each in posted.items() if name in arrived)
    posts = sorted(each.accepted - each.due for each in posted.values())
    figures: dict[str, object] = {f"p{share}_s": _share(waits, share) for share in (50, 95, 99)}
    figures |= {"max_s": round(waits[-1], 3), "from_posting_p99_s": _share(whole, 99), "answer_p50_s": _share(posts, 50)}
    figures |= {"answer_p99_s": _share(posts, 99), "events": len(posted), "not_arrived": len(lost)}
    figures |= {"bulk_left_before": bulk[0], "bulk_left_after": bulk[1], "cpu_s": cpu, "goals": GOALS}
    for name, value in figures.items():
        sys.stdout.write(f"{name:20} {value}\n")
    return figures


def _share(sorted_waits: Sequence[float], share: int) -> float:
    return round(sorted_waits[min(len(sorted_waits) - 1, len(sorted_waits) * share // 100)], 3)


if __name__ == "__main__":
    main(sys.argv[1:])
