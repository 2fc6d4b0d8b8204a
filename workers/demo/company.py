"""The demo company at work: its processes, its week on the business clock, what it shows of it."""

from __future__ import annotations

import csv
import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import final

from rich.console import Console
from rich.table import Table

from engage.channels.clock import machine_now
from engage.history.timeline import Figure, Filter, Line
from engage.model.contact import Contact, Event
from engage.model.errors import NotThereError
from engage.model.history import Kind
from engage.model.localtime import local, zone
from engage.model.values import to_json
from engage.model.workspace import QUEUES
from engage.planning.due import Due
from engage.simulation.timeline import Engine, Script, play
from workers.broker import Nudges, senders
from workers.demo.catchers import Tray
from workers.demo.crm import CrmCatcher
from workers.demo.desk import post_of_desk
from workers.demo.reader import answer
from workers.demo.starting import Start, Started
from workers.demo.week import tickets
from workers.wiring import Wired

PATIENCE = 60.0
"""Seconds of the machine's clock for what one business moment asks."""

LOOK_EVERY = 0.01
SOME_REFUSED = 1
"""The status of an import that took what was right and refused the rest: the demo's file has broken rows on purpose."""

STOP_WITHIN = 20.0

OF_THE_DESK = ("ticket.closed", "ticket.reopened")
"""What the support desk's own system tells."""

ANSWER = "csat.answered"
HIDDEN = frozenset({Kind.ENTERED, Kind.FINISHED, Kind.CONSENT_GRANTED, Kind.CONSENT_WITHDRAWN})
STYLES = {
    Kind.SENT: "green", Kind.DEFERRED: "yellow", Kind.SUPPRESSED: "magenta", Kind.EXITED: "cyan", Kind.EXPIRED: "red", Kind.FAILED: "red",
}
WIDTHS = (18, 23, 7, 12, 35, 14, 5, 0)


@final
class Company:
    """The processes of one demo, driven from outside: by events, and by moving the clock."""

    def __init__(
        self, *, wired: Wired, environment: Mapping[str, str], console: Console, people: Path, tray: Tray, crm: CrmCatcher,
        start: Start,
    ) -> None:
        self.crm = crm
        self._starts = start
        self._wired = wired
        self._tray = tray
        self._environment = environment
        self._console = console
        self._people = people
        self.processes: dict[tuple[str, ...], Started] = {}
        self._nudges: Nudges | None = None
        self._last = 0
        self._followed = 0
        self._contacts: dict[int, Contact | None] = {}

    def arrive(self, start: datetime) -> None:
        """Set the clock, import the people, and let the campaigns go live."""
        self._wired.stored_clock.set(start)
        self._console.rule("The people")
        self._import_people()
        self._wired.planner.tick(now=start)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Run scheduler, worker and web, each a process of its own, for as long as the block lasts."""
        port = self._environment["ENGAGE_PUBLIC_URL"].rpartition(":")[2]
        with ExitStack() as stack:
            queue = self._wired.open_queue()
            stack.callback(queue.close)
            self._nudges = senders(queue)
            for command in (("scheduler",), ("worker",), ("web", "--port", port)):
                self.processes[command] = self._start(command)
                stack.callback(self._stop, command)
            self._await_web()
            yield

    def play(self, start: datetime, end: datetime) -> None:
        """Let the week go by; print each touch as it happens."""
        self._console.rule(f"The week from {start:%A %d %B %Y}")
        self._print_columns()
        script = Script(events=tickets(self._customers(), start))
        engine = Engine(planner=self, conductor=self, clock=_StoredClock(self._wired), ledger=self._wired.ledger)
        for _ in play(engine, start=start, end=end, script=script):
            self._print_new()

    def tick(self, *, now: datetime) -> int:
        """A jump of the clock is a tick: this process plans as one more scheduler would."""
        return self._wired.planner.tick(now=now)

    def look(self, *, now: datetime) -> None:
        """Likewise, before anything is told of at that moment."""
        self._wired.planner.look(now=now)

    def due(self, *, now: datetime) -> Due:
        """The workers know: they are told at every moment, and waited for."""
        return Due(runs=True, events=True, queues=QUEUES, people=False)

    def advance(self, *, now: datetime) -> int:
        """The workers' business; they are told."""
        if self._nudges is not None:
            self._nudges.advance()
        return 0

    def drain(self, queue: str) -> int:
        """The workers' business: wait until they have nothing left to do."""
        given_up = time.monotonic() + PATIENCE
        while left := self._wired.operations.work_left(now=self._wired.clock.now()):
            self._keep_alive()
            if time.monotonic() > given_up:
                raise NotThereError(f"the demo's workers left {left} things undone for {PATIENCE:.0f} s: {self._status()}")
            time.sleep(LOOK_EVERY)
        return 0

    def happen(self, event: Event, *, now: datetime) -> bool:
        """Tell the web: of tickets as Zendesk would; of an answer by the mail's link and button; else as a program of the company's own."""
        hook = self._wired.workspace.settings.hooks.get("zendesk")
        if hook is not None and event.type in OF_THE_DESK:
            self._post("/hooks/zendesk", *post_of_desk(event, secret=hook.secrets[0], now=machine_now()))
            return True
        if self._answer(event):
            return True
        told = {
            "id": event.id, "type": event.type, "at": to_json(event.at), "contact": event.contact_ref,
            "data": {name: to_json(value) for name, value in event.data.items()},
        }
        self._post("/v1/events", json.dumps(told).encode(), {"Authorization": f"Bearer {self._environment['ENGAGE_API_KEY']}"})
        return True

    def _answer(self, event: Event) -> bool:
        """As its reader would; whether there is a mail that asks."""
        score, contact = event.data.get("score"), self._wired.people.find(event.contact_ref or "")
        if event.type != ANSWER or contact is None or not isinstance(score, int):
            return False
        answered, followed = answer(self._tray.all(), str(contact.attributes.get("email")), score)
        self._followed += followed
        return answered

    def next_moment(self, *, after: datetime) -> datetime | None:
        """By the same reckoning as a simulation's."""
        return self._wired.planner.next_moment(after=after)

    def sum_up(self) -> None:
        """The tables at the end, once every click is written and the CRM has heard of all."""
        _wait_for(self._all_clicks, otherwise="the demo's web process wrote not all of the links that were followed")
        self._print_new()
        _wait_for(self._all_told, otherwise="the demo's CRM was not told all: `engage status` would say why")
        self._console.rule("The week in figures")
        table = Table("campaign", "touch", "reason", "times", "people", box=None)
        for count in self._wired.history.counts([Figure.CAMPAIGN, Figure.KIND, Figure.REASON], Filter()):
            if count.by[Figure.CAMPAIGN]:
                table.add_row(*(str(count.by[each] or "") for each in (Figure.CAMPAIGN, Figure.KIND, Figure.REASON)),
                              str(count.touches), str(count.contacts))
        self._console.print(table)
        for figure in (Figure.LOCALE, Figure.CHANNEL):
            counted = self._wired.history.counts([figure], Filter(kinds=frozenset({Kind.SENT})))
            told = ", ".join(f"{count.by[figure]} {count.touches}" for count in counted)
            self._console.print(f"sent by {figure}: {told}")
        self._console.print(f"messages in the inboxes: {len(self._tray.all())}")
        heard = ", ".join(f"{type_} {times}" for type_, times in sorted(Counter(each.type for each in self.crm.heard()).items()))
        self._console.print(f"the CRM heard, each signed: {heard}")

    def _customers(self) -> list[str]:
        with self._people.open(encoding="utf-8", newline="") as lines:
            named = [row["external_id"] for row in csv.DictReader(lines) if row["email"] and row["external_id"]]
        return [label for label in named if self._wired.people.find(label) is not None]

    def _import_people(self) -> None:
        self._console.print(f"$ engage import {self._people.name}", style="bold")
        words = ("import", str(self._people), "--workspace", str(self._wired.root))
        status = self._starts(words, self._environment).wait()
        if status != SOME_REFUSED:
            raise NotThereError(f"engage import ended with status {status}, and not by refusing the broken rows")

    def _start(self, words: tuple[str, ...]) -> Started:
        return self._starts((*words, "--workspace", str(self._wired.root)), {**self._environment, "ENGAGE_LOG_LEVEL": "error"})

    def _stop(self, words: tuple[str, ...]) -> None:
        process = self.processes.pop(words)
        process.terminate()
        process.wait(timeout=STOP_WITHIN)

    def _keep_alive(self) -> None:
        """Start again what somebody killed, as a process manager does: nothing is lost by it, and whoever watches may try."""
        for words, process in list(self.processes.items()):
            if (status := process.poll()) is not None:
                self._console.print(f"the {words[0]} died (status {status}); starting another", style="bold red")
                self.processes[words] = self._start(words)

    def _await_web(self) -> None:
        given_up = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(self._environment["ENGAGE_PUBLIC_URL"] + "/readyz", timeout=2):  # noqa: S310  # our own server
                    return
            except OSError as error:
                if time.monotonic() > given_up:
                    raise NotThereError("the demo's web process does not answer") from error
                time.sleep(0.05)

    def _all_clicks(self) -> bool:
        """The web looks for some seconds whether it was a machine's."""
        counts = self._wired.history.counts([Figure.KIND], Filter(kinds=frozenset({Kind.CLICKED})))
        return sum(count.touches for count in counts) >= self._followed

    def _all_told(self) -> bool:
        return not any(told["behind"] for told in self._wired.postings.standings(now=self._wired.clock.now()))

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        request = urllib.request.Request(  # noqa: S310  # our own server
            self._environment["ENGAGE_PUBLIC_URL"] + path, data=body, method="POST",
            headers={"Content-Type": "application/json", **headers},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # our own server
            answer.read()

    def _status(self) -> str:
        return json.dumps(self._wired.operations.status(now=self._wired.clock.now()), default=str)

    def _print_columns(self) -> None:
        titles = ("UTC", "their own time", "who", "what", "which", "by", "in", "why")
        self._console.print(_row(titles), style="bold", no_wrap=True, crop=False, overflow="ignore")

    def _print_new(self) -> None:
        while lines := self._wired.history.tail(self._last):
            self._last = lines[-1].id
            for line in lines:
                if line.touch.kind not in HIDDEN:
                    self._print(line)

    def _print(self, line: Line) -> None:
        touch = line.touch
        contact = self._contact(touch.contact_id)
        name = contact.zones.names[0] if contact is not None and contact.zones.names else "UTC"
        there = local(touch.at, zone(name))
        cells = (
            f"{touch.at:%a %d %b %H:%M}", f"{there:%a %H:%M} {name.rpartition('/')[2]}", line.label or "", touch.kind.value,
            f"{touch.campaign or touch.detail.get('event') or ''}" + (f"/{touch.message}" if touch.message else ""),
            touch.channel or "", touch.locale or "", touch.reason or "",
        )
        self._console.print(_row(cells), style=STYLES.get(touch.kind), no_wrap=True, crop=False, overflow="ignore")

    def _contact(self, contact_id: int | None) -> Contact | None:
        if contact_id is None:
            return None
        if contact_id not in self._contacts:
            self._contacts[contact_id] = self._wired.letters.reader(contact_id)
        return self._contacts[contact_id]


def _wait_for(holds: Callable[[], bool], *, otherwise: str) -> None:
    given_up = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > given_up:
            raise NotThereError(otherwise)
        time.sleep(LOOK_EVERY)


def _row(cells: tuple[str, ...]) -> str:
    """Cells below each other's; the last is as long as it is."""
    return "".join(cell[: width - 1 if width else None].ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))


@final
class _StoredClock:
    """The business clock of all the demo's processes."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired

    def now(self) -> datetime:
        return self._wired.clock.now()

    def move(self, to: datetime) -> None:
        self._wired.stored_clock.set(to)
