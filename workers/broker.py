"""The queue: Dramatiq carries nudges and nothing else.

A nudge says "look into this queue" or "move due runs on"; it names no person and no message, comes with no delay, is never
retried, and may be lost: the rows in the database are the truth, and the sweep finds what was never nudged. No rule of
business and no guard lives in a middleware, since Dramatiq goes on when one raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import final

import dramatiq
import redis
import structlog
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import BrokerError
from dramatiq.middleware import AgeLimit, Middleware
from pika.exceptions import AMQPError
from redis.backoff import NoBackoff
from redis.retry import Retry

from engage.model.errors import InputError
from engage.model.places import places_of
from engage.model.workspace import QUEUES
from workers.embedded import Embedded, find_server, url_of

PLANNING = "planning"
CALLS = "calls"

PREFIX = "engage."
"""Before each queue's name at the broker, which others may use too. Two installations need two databases or virtual hosts of it."""

WORKER_TIMEOUT = 50
"""Milliseconds between two looks at an idle queue; Dramatiq's own second would show in every ticket's reply."""

STALE_AFTER = 60_000
"""Milliseconds after which a nudge is dropped unread: newer ones have been sent since. More than clocks of machines differ by."""

CONNECT_WITHIN = 1.0
ANSWER_WITHIN = 5.0

log = structlog.get_logger(__name__)


def middleware() -> list[Middleware]:
    """All the middleware there is: what is stale is dropped. Retries, time limits and pipelines are not the queue's business."""
    return [AgeLimit(max_age=STALE_AFTER)]


@final
class Queue:
    """A broker, and the embedded server behind it where that is ours to run. `shared` is false where only this process sees it."""

    def __init__(self, broker: dramatiq.Broker, *, embedded: Embedded | None = None, shared: bool = True) -> None:
        self.broker = broker
        self.shared = shared
        self._embedded = embedded

    def close(self) -> None:
        """Let go of connections, and end the server that this process runs."""
        try:
            self.broker.close()
        except (BrokerError, AMQPError, redis.RedisError) as error:
            log.info("broker.closed_badly", error=type(error).__name__)
        if self._embedded is not None:
            self._embedded.stop()


def open_queue(setting: str, *, directory: Path, environment: Mapping[str, str], start: bool = True) -> Queue:
    """The queue that engage.yaml's `broker` names; `directory` is where an embedded server keeps its file.

    Nothing is connected yet, apart from the embedded server, which is started unless `start` says only to use one that runs.
    Raises InputError for a setting that names none.
    """
    scheme = setting.partition(":")[0]
    match scheme:
        case "embedded" if start:
            return _embedded(directory, environment)
        case "embedded":
            return Queue(_redis(url_of(directory)))
        case "redis" | "rediss" | "unix":
            return Queue(_redis(setting))
        case "amqp" | "amqps":
            return Queue(RabbitmqBroker(url=setting, middleware=middleware()))
        case _:
            raise InputError.of("broker is none of embedded, redis://, rediss://, unix:// and amqp://", file="engage.yaml")


def _embedded(directory: Path, environment: Mapping[str, str]) -> Queue:
    server = find_server(environment)
    if server is None:
        log.warning("broker.in_process", why="no Valkey fits this machine", then="the sweep finds what other processes plan")
        return Queue(StubBroker(middleware=middleware()), shared=False)
    embedded = Embedded(directory, server)
    embedded.start()
    return Queue(_redis(embedded.url), embedded=embedded)


def _redis(url: str) -> RedisBroker:
    return RedisBroker(client=redis_client(url), middleware=middleware(), namespace="engage")


def redis_client(url: str) -> redis.Redis:
    """A client that asks once: the library's ten silent repeats would send a nudge twice and hold a request for seconds."""
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_WITHIN, socket_timeout=ANSWER_WITHIN)


def redis_of(setting: str, *, directory: Path) -> redis.Redis | None:
    """The Redis, or the embedded server, that engage.yaml's `broker` names; None where it names another kind of broker."""
    match setting.partition(":")[0]:
        case "embedded":
            return redis_client(url_of(directory))
        case "redis" | "rediss" | "unix":
            return redis_client(setting)
        case _:
            return None


@final
class Nudges:
    """The actors of one broker, and the sending of nudges to them.

    `drain`, `advance` and `call` are what a worker does at a nudge; a process that only sends nudges never runs them.
    """

    def __init__(
        self, broker: dramatiq.Broker, *, drain: Callable[[str], object], advance: Callable[[], object], call: Callable[[], object],
        told: Callable[[str, str], object] = lambda actor, result: None,
    ) -> None:
        """`told` is told of each nudge: its actor, and whether it was `sent`, found the broker `away`, was `done` or `failed`."""
        self._told = told

        def declare(name: str, queue: str, work: Callable[[], object]) -> dramatiq.Actor[[], None]:
            return dramatiq.actor(actor_name=name, queue_name=PREFIX + queue, broker=broker)(_guarded(name, work, told))

        self._drains: Mapping[str, dramatiq.Actor[[], None]] = {
            queue: declare(f"drain_{queue}", queue, partial(drain, queue)) for queue in QUEUES
        }
        self._advance = declare("advance", PLANNING, advance)
        self._call = declare("call", CALLS, call)
        self._away = False

    def drain(self, queue: str, *, times: int = 1) -> None:
        """Ask for the queue's due deliveries to be sent, by up to `times` workers at once. Harmless where the broker is away."""
        for _ in range(times):
            self._send(self._drains[queue])

    def advance(self) -> None:
        """Ask for due runs to be moved on. Harmless where the broker is away."""
        self._send(self._advance)

    def call(self) -> None:
        """Ask for due calls of endpoints to be made. Harmless where the broker is away."""
        self._send(self._call)

    def _send(self, actor: dramatiq.Actor[[], None]) -> None:
        try:
            actor.send()
        except (BrokerError, AMQPError, redis.RedisError, OSError) as error:
            self._told(actor.actor_name, "away")
            if not self._away:
                log.warning("broker.away", error=type(error).__name__, then="the sweep goes on, slower")
            self._away = True
        else:
            self._told(actor.actor_name, "sent")
            if self._away:
                log.info("broker.back")
            self._away = False


def senders(queue: Queue, *, told: Callable[[str, str], object] = lambda actor, result: None) -> Nudges:
    """Nudges of a process that does none of the work itself."""
    return Nudges(queue.broker, drain=lambda name: None, advance=lambda: None, call=lambda: None, told=told)


def _guarded(name: str, work: Callable[[], object], told: Callable[[str, str], object]) -> Callable[[], None]:
    """The work, with what it raises logged by its kind and place alone: an error's text may hold an address."""

    def actor() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # a nudge must never take its worker down; the rows are still there
            told(name, "failed")
            for each in told_of(error):
                log.error("nudge.failed", actor=name, error=type(each).__name__, at=places_of(each))
        else:
            told(name, "done")

    return actor


def told_of(error: Exception) -> Iterator[Exception]:
    """What went wrong, one by one: a group stands for all that could not be done while the rest was."""
    if isinstance(error, ExceptionGroup):
        for each in error.exceptions:
            yield from told_of(each)
    else:
        yield error
