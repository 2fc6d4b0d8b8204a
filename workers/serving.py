"""A workspace and the name of a process -> that process, assembled and run until a signal says stop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import structlog

from engage.model.errors import InputError
from engage.store.installation.gauges import SqlGauges
from engage.web.app import create_app
from workers.broker import Nudges, Queue, senders
from workers.faults import reached_by
from workers.mailboxes.collecting import Collecting
from workers.mailboxes.lmtp import LmtpPart
from workers.monitoring.exposing import MetricsPart, ports_of
from workers.monitoring.gauges import DatabaseGauges, MachineGauges, ProviderGauges, WebhookGauges
from workers.monitoring.tracing import tracing
from workers.monitoring.watched import WatchedApp
from workers.office import OnDisk
from workers.processes import NAMES, THREADS, Name, Part, SchedulerPart, WebPart, WorkerPart, parts_of, serve
from workers.wiring import Wired
from workers.work import Work

log = structlog.get_logger(__name__)


def serve_workspace(process: str, office: OnDisk, *, host: str = "127.0.0.1", port: int = 8000, path: Path | None = None) -> None:
    """Run `worker`, `scheduler`, `web`, `lmtp` or `run` until SIGTERM or SIGINT. Called from the main thread."""
    name = _known(process)
    with tracing(os.environ, process=name), office.engaged() as wired, _queue(wired) as queue:
        wired.reached = reached_by(wired.environment)
        assembly = Assembly(wired, queue, host=host, port=port, path=path)
        wired.metrics.name(name)
        if wired.stored_clock.get() is not None:
            log.warning("clock.moved", why="the database keeps a business clock of its own: this is a demo or a test")
        serve(name, [*assembly.signals(name), *(assembly.part(each) for each in parts_of(name))], told=assembly.tell)


class Assembly:
    """The parts of one process over one workspace. Those that run side by side share the actors of one broker."""

    def __init__(self, wired: Wired, queue: Queue, *, host: str, port: int, path: Path | None = None, threads: int = THREADS) -> None:
        self.wired = wired
        self.queue = queue
        self.web: WebPart | None = None
        self.lmtp: LmtpPart | None = None
        self._listen = (host, port)
        self._path = path
        self._threads = threads
        self._work: Work | None = None
        self._nudges: Nudges | None = None

    def signals(self, name: Name) -> list[Part]:
        """What the process tells beside its own counts; and a port to tell it on, where ENGAGE_METRICS_PORT names one."""
        registry, environment = self.wired.metrics.registry, self.wired.environment
        registry.register(MachineGauges(self.wired.root / "var"))
        if name != "worker":  # of many workers each would ask the database the same
            gauges = SqlGauges(self.wired.database)
            registry.register(DatabaseGauges(lambda: gauges.read(now=self.wired.clock.now())))
            registry.register(WebhookGauges(lambda: self.wired.postings.standings(now=self.wired.clock.now())))
        if name in ("worker", "run"):
            registry.register(ProviderGauges(self.wired.traffic.waits))
        setting = environment.get("ENGAGE_METRICS_PORT")
        if not setting:
            return []
        return [MetricsPart(self.wired.metrics, host=environment.get("ENGAGE_METRICS_HOST") or "127.0.0.1", ports=ports_of(setting))]

    def part(self, name: Literal["worker", "scheduler", "web", "lmtp"]) -> Part:
        """One part, ready to be started. A process that has a worker assembles it first."""
        metrics = self.wired.metrics
        match name:
            case "worker":
                self._work = self.wired.work(threads=self._threads)
                work = self._work
                self._nudges = Nudges(
                    self.queue.broker, drain=work.drain, advance=work.advance, call=work.call, told=metrics.nudge,
                )
                return WorkerPart(
                    self._work, self._nudges, self.queue, reload=self.wired.accepted.reload, take_over=self.wired.orphans().take_over,
                    ask=self.wired.asker.ask, told=metrics.job, threads=self._threads,
                )
            case "scheduler":
                scheduling, tidying = self.wired.scheduling(self.nudges), self.wired.tidying()
                look, collect = self.wired.folder.look, self._collecting.look
                return SchedulerPart(scheduling, tidying, self.wired.poster(), look=look, collect=collect, told=metrics.job)
            case "web":
                site = self.wired.site(self.nudges)
                app = WatchedApp(create_app(site), metrics)
                host, port = self._listen
                self.web = WebPart(app, host=host, port=port, reload=self.wired.accepted.reload, settle=site.lookout.settle)
                return self.web
            case "lmtp":
                host, port = self._listen
                self.lmtp = LmtpPart(self._collecting.take, host=host, port=port, path=self._path)
                return self.lmtp

    @property
    def _collecting(self) -> Collecting:
        return self.wired.collecting(self.nudges.advance)

    @property
    def nudges(self) -> Nudges:
        """The actors of this process."""
        if self._nudges is None:
            self._nudges = senders(self.queue, told=self.wired.metrics.nudge)
        return self._nudges

    def tell(self) -> None:
        """Say where the web answers."""
        if self.web is not None:
            log.info("web.listening", address=self.web.address)
        if self.lmtp is not None:
            log.info("lmtp.listening", address=self.lmtp.address)


@contextmanager
def _queue(wired: Wired) -> Iterator[Queue]:
    queue = wired.open_queue()
    try:
        yield queue
    finally:
        queue.close()


def _known(process: str) -> Name:
    for name in NAMES:
        if name == process:
            return name
    raise InputError.of(f"there is no process {process!r}; there are: {', '.join(NAMES)}", file="<command line>")
