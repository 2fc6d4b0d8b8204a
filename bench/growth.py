"""What a message costs as the history grows: `python -m bench.growth [--database sqlite|postgresql] [--touches 10000,100000]`.

The same people get the same newsletter over databases that differ in their past alone. Measured are the whole way of a delivery, from
the claim to the record, by the engine itself through a channel that takes everything; the runs that end with it; an hour of planning;
and what people look at. A cost is CPU time, of this process and on PostgreSQL of its backends, and the number of statements and of
blocks. The sizes take turns, the best of each counts, and the ratios are against the smallest past: a table of them all with their
goal, and as the last line everything as JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

import sqlalchemy as sa

from bench import mailing
from bench.crowd import add_people, zones
from bench.databases import ask, named
from bench.history import REGULAR, add_history, size_of
from bench.meter import Meter
from engage.contacts.zones import names_behind
from engage.delivery.conductor import BATCH
from engage.history.timeline import Filter
from engage.model.workspace import Workspace
from engage.simulation.explaining import Case, explain
from engage.simulation.visitor import Visitor
from engage.store.database import Database
from engage.store.history.inquiries import SqlInquiry
from engage.store.installation.gauges import SqlGauges
from engage.store.installation.under_way import SqlUnderWay
from tests.engine import Works
from tests.servers.postgres import postgres

DEMO = Path(__file__).parents[1] / "config"
FIRST = 1_000_001
SIZES = "10000,100000,1000000,5000000"
BATCHES = 2
LOOKS = 20
GOAL = 1.2
A_DAY = 24


def main(arguments: Sequence[str]) -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--touches", default=SIZES, help="how many the history has, one after another")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=4)
    asked = parser.parse_args(arguments)
    sizes = sorted({int(word) for word in asked.touches.split(",")})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="engage-bench-")))
        workspace = _workspace()
        urls = stack.enter_context(_databases(asked.database, folder, sizes, contacts=asked.contacts))
        made = [Past(url, workspace, size, contacts=asked.contacts, turns=asked.turns) for url, size in zip(urls, sizes, strict=True)]
        pasts = [stack.enter_context(closing(past)) for past in made]
        for turn in range(asked.turns):
            for past in pasts:
                past.turn(turn)
                _say(f"turn {turn + 1}, {past.size:>9,} touches: {past.costs['delivering'][-1]}")
        found = {str(past.size): past.found() for past in pasts}
    ratios = _ratios(found, str(sizes[0]))
    for line in _table(found, ratios):
        _say(line)
    _say(json.dumps({"database": asked.database, "contacts": asked.contacts, "goal": GOAL, "found": found, "ratios": ratios}))


@final
class Past:
    """One database, with a history of its size, and what each piece of work cost over it so far."""

    def __init__(self, url: str, workspace: Workspace, size: int, *, contacts: int, turns: int) -> None:
        self.size = size
        self.database = Database.open(url)
        before = size_of(self.database)
        add_history(self.database, size, contacts=contacts, first_contact=FIRST, until=mailing.NOW - timedelta(hours=1))
        self.bytes = {name: count - before[name] for name, count in size_of(self.database).items()}
        mailing.fill(self.database, workspace, turns * BATCHES * BATCH * 5 // 4)  # for some of them nothing is planned
        self.works = Works(self.database, workspace, at=mailing.NOW)
        self.meter = Meter(self.database)
        self.costs: dict[str, list[Mapping[str, float]]] = {}

    def close(self) -> None:
        """Let go of the database."""
        self.works.close()
        self.database.close()

    def turn(self, turn: int) -> None:
        """Some batches, what ends with them, a day of planning, and a look at everything."""
        self._cost("delivering", self._deliver, each=BATCHES * BATCH)
        self._cost("finishing", self._finish, each=BATCHES * BATCH)
        hours = [mailing.NOW + timedelta(hours=turn * A_DAY + hour) for hour in range(1, A_DAY + 1)]
        self._cost("planning", lambda: [self.works.planner.tick(now=hour) for hour in hours], each=A_DAY)
        for name, look in self._looks().items():
            self._cost(name, lambda look=look: [look() for _ in range(LOOKS)], each=LOOKS)  # type: ignore[misc]  # bound at once

    def found(self) -> Mapping[str, Mapping[str, float]]:
        """The least of each kind of cost."""
        return {
            name: {kind: round(min(cost[kind] for cost in costs), 4) for kind in costs[0]} for name, costs in self.costs.items()
        } | {"bytes": self.bytes}

    def _cost(self, name: str, work: Callable[[], object], *, each: int) -> None:
        self.costs.setdefault(name, []).append(self.meter.measured(work, each=each))

    def _deliver(self) -> None:
        for _ in range(BATCHES):
            if self.works.conductor.work("bulk") != BATCH:
                raise SystemExit("there was less to do than was prepared")
        for channel in self.works.channels.values():
            channel.sent.clear()
            channel.tried.clear()

    def _finish(self) -> None:
        while self.works.planner.advance(now=mailing.NOW):
            pass

    def _looks(self) -> Mapping[str, Callable[[], object]]:
        works, now = self.works, mailing.NOW
        inquiry = SqlInquiry(self.database, workspace=lambda: works.workspace, versions=works.version)
        contact = works.people.find("c0")
        campaign = works.workspace.campaigns["newsletter"]
        assert contact is not None and contact.id == REGULAR  # noqa: PT018, S101  # the first that mailing makes
        visitor = Visitor(
            workspace=works.workspace, campaign=campaign, contact=contact, at=now, records=inquiry, zones_of=names_behind,
        )
        return {
            "history": lambda: works.history.timeline(Filter(contact_id=REGULAR)),
            "explain": lambda: explain(Case(visitor=visitor, inquiry=inquiry)),
            "status": lambda: (works.operations.status(now=now), list(SqlUnderWay(self.database).standings())),
            "metrics": lambda: SqlGauges(self.database).read(now=now),
        }


def _ratios(found: Mapping[str, Mapping[str, Mapping[str, float]]], smallest: str) -> Mapping[str, Mapping[str, float]]:
    """By size and piece of work: its CPU time against that of the smallest past."""
    names = [name for name in found[smallest] if name != "bytes"]
    return {
        size: {name: round(figures[name]["cpu_ms"] / found[smallest][name]["cpu_ms"], 2) for name in names}
        for size, figures in found.items()
    }


def _table(found: Mapping[str, Mapping[str, Mapping[str, float]]], ratios: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """What each piece of work cost in milliseconds of CPU, and how many times what it did with the smallest past; a column a size."""
    names = next(iter(ratios.values()))
    yield f"{'touches':<12}" + "".join(f"{int(size):>20,}" for size in found)
    for name in names:
        cells = (f"{found[size][name]['cpu_ms']:.3f} ms {ratios[size][name]:>5.2f}" for size in found)
        yield f"{name:<12}" + "".join(f"{cell:>20}" for cell in cells)
    yield f"{'megabytes':<12}" + "".join(f"{sum(figures['bytes'].values()) / 1e6:>20,.0f}" for figures in found.values())
    worst = max((ratio, name, size) for size, each in ratios.items() for name, ratio in each.items())
    yield f"the most: {worst[1]} with {int(worst[2]):,} touches, {worst[0]} times; the goal is {GOAL}"


def _workspace() -> Workspace:
    """The bench's newsletter to those alone who are mailed, and the demo's birthday wishes."""
    files = mailing.workspace_files(DEMO, channel='{adapter: console, kind: email, from: "Aurora Outfitters <hello@aurora.example>"}')
    letter = mailing.CAMPAIGN.replace("in_segment('newsletter_readers')", "'newsletter' in contact.tags")
    birthday = (DEMO / "campaigns/birthday.yaml").read_bytes()
    return mailing.read({**files, "campaigns/newsletter.yaml": letter.encode(), "campaigns/birthday.yaml": birthday})


@contextmanager
def _databases(kind: str, folder: Path, sizes: Sequence[int], *, contacts: int) -> Iterator[Sequence[str]]:
    """One with people, copied for each size."""
    if kind == "sqlite":
        _fill(f"sqlite:///{folder / 'people.db'}", contacts)
        for size in sizes:
            shutil.copy(folder / "people.db", folder / f"{size}.db")
        yield [f"sqlite:///{folder / f'{size}.db'}" for size in sizes]
        return
    with postgres(durable=True) as server:
        ask(server, "CREATE DATABASE people")
        _fill(named(server, "people"), contacts)
        for size in sizes:
            ask(server, f"CREATE DATABASE past_{size} TEMPLATE people")
        yield [named(server, f"past_{size}") for size in sizes]


def _fill(url: str, contacts: int) -> None:
    database = Database.open(url)
    database.migrate()
    with database.begin() as connection:
        if database.dialect == "sqlite":
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('contacts', ?)", (FIRST - 1,))
        else:
            connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('contacts', 'id'), :last)"), {"last": FIRST - 1})
        add_people(connection, contacts, in_zones=zones(A_DAY), known_at=mailing.NOW - timedelta(days=90), first=FIRST)
    database.close()


def _say(line: Any) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
