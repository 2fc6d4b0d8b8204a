"""The processes: `engage worker`, `scheduler`, `web`, and all of them in one (`engage run`), until a signal says stop.

Each part starts, and stops once what it has in hand is done: a worker finishes the slice that it is handing over, records it,
and gives the rest of its batch back. A second signal ends the process at once; what was in hand is then swept up by others.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from types import FrameType
from typing import Literal, Protocol, assert_never, final

import dramatiq
import structlog
import uvicorn
from starlette.types import ASGIApp

from engage.delivery.posting import Poster
from engage.model.errors import NotThereError
from workers.broker import WORKER_TIMEOUT, Nudges, Queue
from workers.memory import collect_rarely
from workers.ticker import COLLECT_EVERY, LOOK_EVERY, SWEEP_EVERY, TICK_EVERY, Scheduling, Ticker, Told
from workers.tidying import EXPIRE_EVERY, TIDY_EVERY, Tidying
from workers.work import Work

Name = Literal["worker", "scheduler", "web", "lmtp", "run"]
NAMES: tuple[Name, ...] = ("worker", "scheduler", "web", "lmtp", "run")

THREADS = 4
STOP_WITHIN = 60_000
"""Milliseconds for what is in hand: a provider's last word may take its time."""

log = structlog.get_logger(__name__)


class Part(Protocol):
    """Something that runs beside others in a process."""

    def start(self) -> None:
        """Begin; returns once it runs."""
        ...

    def stop(self) -> None:
        """Finish what is in hand, then end. Safe to repeat."""
        ...


@final
class WorkerPart:
    """Dramatiq's threads over the queue, and a sweep of our own for the time when the broker is away."""

    def __init__(
        self, work: Work, nudges: Nudges, queue: Queue, *, reload: Callable[[], object], take_over: Callable[[], object],
        ask: Callable[[], object], told: Told, threads: int = THREADS,
    ) -> None:
        self._work = work
        self._worker = dramatiq.Worker(queue.broker, worker_timeout=WORKER_TIMEOUT, worker_threads=threads)
        self._ticker = Ticker(told)
        self._ticker.every(LOOK_EVERY, "reload", reload)
        self._ticker.every(LOOK_EVERY, "take_over", take_over)
        self._ticker.every(SWEEP_EVERY if queue.shared else TICK_EVERY, "sweep", work.sweep)
        self._ticker.every(SWEEP_EVERY, "ask", ask)
        work.announce(nudges)

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()
        self._ticker.start()

    def stop(self) -> None:
        """Finish the slices in hand."""
        until = time.monotonic() + STOP_WITHIN / 1000
        self._work.stop()
        self._ticker.stop()
        self._worker.stop(timeout=STOP_WITHIN)
        self._work.finish(within=max(0.0, until - time.monotonic()))


@final
class SchedulerPart:
    """The ticker with the scheduler's jobs."""

    def __init__(
        self, scheduling: Scheduling, tidying: Tidying, poster: Poster, *, look: Callable[[], object], collect: Callable[[], object],
        told: Told,
    ) -> None:
        self._tidying = tidying
        self._poster = poster
        self._ticker = Ticker(told)
        self._ticker.every(LOOK_EVERY, "look", look)
        self._ticker.every(TICK_EVERY, "tick", scheduling.tick)
        self._ticker.every(TICK_EVERY, "watch", scheduling.watch)
        self._ticker.every(SWEEP_EVERY, "sweep", scheduling.sweep)
        self._ticker.every(TIDY_EVERY, "tidy", tidying.tidy)
        self._ticker.every(EXPIRE_EVERY, "expire", tidying.expire)
        self._ticker.every(COLLECT_EVERY, "collect", collect)
        self._ticker.every(TICK_EVERY, "post", poster.look)

    def start(self) -> None:
        """Begin to tick."""
        self._ticker.start()

    def stop(self) -> None:
        """End after the jobs in hand."""
        self._tidying.stop()
        self._poster.stop()
        self._ticker.stop()


class Settle(Protocol):
    """Writes what the web has seen; all of it before the process ends."""

    def __call__(self, *, all_: bool = False) -> int: ...


@final
class WebPart:
    """uvicorn in a thread of its own, on a socket that is bound before the process says that it runs."""

    def __init__(
        self, app: ASGIApp, *, host: str, port: int, reload: Callable[[], object] | None = None, settle: Settle | None = None,
    ) -> None:  # fmt: skip
        # Access logs would keep the tokens of public links.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=10
        )
        self._server = uvicorn.Server(config)
        self._socket = _bind(host, port)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="web", daemon=True)
        self._ticker = Ticker()
        if reload is not None:
            self._ticker.every(LOOK_EVERY, "reload", reload)
        self._settle = settle
        if settle is not None:
            self._ticker.every(TICK_EVERY, "lookout", settle)

    @property
    def address(self) -> str:
        """Where it answers."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        self._ticker.start()

    def stop(self) -> None:
        """Answer what was asked, then end."""
        self._ticker.stop()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_WITHIN / 1000)
        self._socket.close()
        if self._settle is not None:
            self._settle(all_=True)


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512)
    except OSError as error:
        raise NotThereError(f"port {port} of {host} cannot be had: {error.strerror}; choose another with --port") from error


def serve(name: Name, parts: Sequence[Part], *, told: Callable[[], object] = lambda: None) -> None:
    """Run the parts until SIGTERM or SIGINT, then stop them, the last started first. Called from the main thread."""
    with _stop_signal() as stop, ExitStack() as running:
        for part in parts:
            part.start()
            running.callback(part.stop)
        collect_rarely()
        log.info("process.started", process=name)
        told()
        while not stop.wait(1.0):
            pass
        log.info("process.stopping", process=name)
    log.info("process.stopped", process=name)


@contextmanager
def _stop_signal() -> Iterator[Event]:
    """An event that the first signal sets; the second one acts as if nobody listened."""
    stop = Event()
    listened = (signal.SIGTERM, signal.SIGINT)

    def hear(number: int, frame: FrameType | None) -> None:
        stop.set()
        for each in listened:
            signal.signal(each, signal.SIG_DFL)

    before = {number: signal.signal(number, hear) for number in listened}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parts_of(name: Name) -> tuple[Literal["worker", "scheduler", "web", "lmtp"], ...]:
    """Which parts a process is made of, in the order in which they start."""
    match name:
        case "run":
            return ("worker", "scheduler", "web")
        case "worker" | "scheduler" | "web" | "lmtp":
            return (name,)
        case _ as never:
            assert_never(never)
