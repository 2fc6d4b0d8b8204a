"""`engage demo`: the demo company on real parts, on a business clock that jumps to the next due moment once nothing is left to do.

Scheduler, workers and web are processes of their own, as in production, over the embedded Valkey and SQLite; mail, chat, SMS
and what the CRM is told go by their real protocols to catchers on the loopback. Leases and retries stay on the machine's clock.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import final

from rich.console import Console

from workers.demo.catchers import SlackCatcher, SmsCatcher, SmtpCatcher, Tray
from workers.demo.company import Company
from workers.demo.crm import CrmCatcher
from workers.demo.inbox import create_inbox
from workers.demo.starting import Start, program
from workers.embedded import Embedded, find_server
from workers.processes import WebPart
from workers.wiring import Wired

WORKSPACE = Path(__file__).parents[2] / "config"
START = datetime(2026, 2, 23, tzinfo=UTC)
END = START + timedelta(days=7)

OpenWired = Callable[[Path, Mapping[str, str]], Wired]


def run_demo(open_wired: OpenWired, *, once: bool, port: int, console: Console) -> None:
    """Play the week. With `once` it ends by itself; else the company stays open, and its inbox, until a signal ends it."""
    tray = Tray()
    with company_at_work(open_wired, tray=tray, console=console) as company, _inbox(tray, company, port=0 if once else port) as address:
        company.play(START, END)
        company.sum_up()
        console.print(f"\nEvery message, as its recipient reads it: {address}", style="bold")
        if not once:
            console.print("The inbox stays, and the links in the messages work, until you press Ctrl-C.")
            _wait_for_signal()


@contextmanager
def company_at_work(open_wired: OpenWired, *, tray: Tray, console: Console, start: Start = program) -> Iterator[Company]:
    """The company with its people, its processes and its catchers, on the morning of the week; whatever it sends goes into the tray."""
    with tempfile.TemporaryDirectory(prefix="engage-demo-") as scratch, ExitStack() as parts:
        clock = Clock()
        crm = parts.enter_context(CrmCatcher(clock.now))
        environment = _environment(Path(scratch), tray, clock, crm, parts)
        wired = open_wired(WORKSPACE, environment)
        parts.callback(wired.close)
        clock.read = wired.stored_clock.get
        people = _copied(Path(scratch))
        company = Company(wired=wired, environment=environment, console=console, people=people, tray=tray, crm=crm, start=start)
        company.arrive(START)
        with company.at_work():
            yield company


@contextmanager
def _inbox(tray: Tray, company: Company, *, port: int) -> Iterator[str]:
    """Serve it; its address."""
    inbox = WebPart(create_inbox(tray.all, company.crm.heard), host="127.0.0.1", port=port)
    inbox.start()
    try:
        yield inbox.address
    finally:
        inbox.stop()


def _copied(scratch: Path) -> Path:
    """The people's file, where the rows that the import refuses may be written beside it."""
    return Path(shutil.copy(WORKSPACE / "contacts.csv", scratch))


@final
class Clock:
    """By what the catchers date what they take: the demo's own clock once it stands."""

    def __init__(self) -> None:
        self.read: Callable[[], datetime | None] = lambda: START

    def now(self) -> datetime:
        """The demo's moment."""
        return self.read() or START


def _environment(scratch: Path, tray: Tray, clock: Clock, crm: CrmCatcher, parts: ExitStack) -> Mapping[str, str]:
    """Start the servers of the demo; what config/engage.yaml takes from the environment, for all processes."""
    smtp = parts.enter_context(SmtpCatcher(tray, clock.now))
    slack = parts.enter_context(SlackCatcher(tray, clock.now))
    sms = parts.enter_context(SmsCatcher(tray, clock.now))
    return {
        **os.environ, "SMTP_URL": smtp.url, "SLACK_TOKEN": slack.token, "SLACK_URL": slack.base_url, "SMS_URL": sms.url,
        "SMS_SECRET": sms.secret, "SMS_LOOPBACK": "allowed", "CRM_URL": crm.url, "CRM_SECRET": crm.secret,
        "ENGAGE_DATABASE": f"sqlite:///{scratch}/engage.db",
        "ENGAGE_BROKER": _broker(scratch / "valkey", parts), "ENGAGE_API_KEY": secrets.token_urlsafe(24),
        "ENGAGE_PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
    }


def _broker(directory: Path, parts: ExitStack) -> str:
    server = find_server(os.environ)
    if server is None:
        return "embedded"
    embedded = Embedded(directory, server)
    embedded.start()
    parts.callback(embedded.stop)
    return embedded.url


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait_for_signal() -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1.0):
        pass
