"""`engage doctor`: what an installation needs, looked at one by one; each finding says what to do."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import redis
import sqlalchemy as sa
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from pika.exceptions import AMQPError

from engage.channels import load_channels
from engage.channels.endpoint import HttpEndpoint, load_endpoints, load_outlets
from engage.cli.app import Office
from engage.hooks.sources import SOURCES
from engage.model.errors import EngageError, InputError, NotThereError
from engage.model.workspace import Channel, Settings
from engage.store.database import Database
from engage.store.delivery.notices import standings
from engage.store.feedback.hooks import heard_of
from engage.store.installation.keys import SqlKeys
from workers.broker import Queue, open_queue
from workers.embedded import find_server
from workers.fetching import Fetcher
from workers.legal import legal_findings
from workers.loop import LoopThread
from workers.mailboxes.authorising import AccessTokens
from workers.mailboxes.imap import look
from workers.monitoring.gauges import zone_data_age

Finding = Mapping[str, object]
CLOCKS_APART = 5.0
"""Seconds; fewer than a sweep takes to come round."""

OLD_ZONE_DATA = 365 * 86_400.0
"""Seconds; governments change their clocks at short notice, so zone data of last year is wrong somewhere."""


def diagnose(office: Office, environment: Mapping[str, str]) -> Sequence[Finding]:
    """Look at everything; a thing that cannot be looked at for lack of another is left out."""
    return list(_findings(office, environment))


def _findings(office: Office, environment: Mapping[str, str]) -> Iterator[Finding]:
    yield _python()
    yield _zone_data()
    try:
        settings = office.settings()
    except InputError as error:
        yield _finding("engage.yaml", False, str(error.problems[0]), "mend it; `engage check` shows everything")
        return
    found = office.findings()
    problems = found.problems
    yield _finding(
        "workspace", not problems, f"{len(problems)} problems" if problems else "passes", "run `engage check`: the last good one goes on"
    )
    yield from _database(settings, environment, tracked=found.tracked)
    yield _broker(office.root, settings, environment)
    yield from _channels(settings)
    yield from _endpoints("endpoint", load_endpoints, settings)
    yield from _endpoints("webhook", load_outlets, settings)
    yield from _mailboxes(settings)
    yield from _hooks(settings)


def _finding(what: str, ok: bool, found: str, do: str) -> Finding:
    return {"what": what, "ok": ok, "found": found, "do": "" if ok else do}


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return _finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _zone_data() -> Finding:
    version = importlib.metadata.version("tzdata")
    do = "upgrade the package tzdata: clocks have changed since"
    return _finding("zone data", zone_data_age() < OLD_ZONE_DATA, f"tzdata {version}", do)


def _database(settings: Settings, environment: Mapping[str, str], *, tracked: bool) -> Iterator[Finding]:
    try:
        database = Database.open(settings.database)
    except EngageError as error:
        yield _finding("database", False, str(error), "start it, or set `database` in engage.yaml")
        return
    try:
        database.require_migrated()
        with database.read() as connection:
            there = connection.scalar(sa.text("SELECT sqlite_version()" if database.dialect == "sqlite" else "SHOW server_version"))
        yield _finding("database", True, f"{database.dialect} {there}", "")
        yield _clock(database)
        yield from legal_findings(database, settings, tracked=tracked)
        yield _api_keys(database, environment)
    except EngageError as error:
        yield _finding("database", False, str(error), "see the sentence on the left")
    finally:
        database.close()


def _clock(database: Database) -> Finding:
    """What is due goes by this machine's clock, leases and retries by the database's."""
    with database.read() as connection:
        apart = abs((connection.execute(sa.select(database.now)).scalar_one() - datetime.now(UTC)).total_seconds())
    return _finding("clock", apart < CLOCKS_APART, f"{apart:.1f} s from the database's", "let both machines keep time by NTP")


def _broker(root: Path, settings: Settings, environment: Mapping[str, str]) -> Finding:
    if settings.broker == "embedded":
        try:
            server = find_server(environment)
        except EngageError as error:
            return _finding("broker", False, str(error), "let ENGAGE_VALKEY name a program, or unset it")
        do = "install valkey-server or redis-server, or set `broker`; until then processes find each other's work by sweeping"
        return _finding("broker", server is not None, f"embedded, {server.name}" if server else "embedded, no server fits", do)
    queue = open_queue(settings.broker, directory=root, environment=environment)
    try:
        answers = _answers(queue)
    finally:
        queue.close()
    found = f"{settings.broker.partition(':')[0]}, {'answers' if answers else 'does not answer'}"
    return _finding("broker", answers, found, "start it; until then work goes on by sweeping")


def _mailboxes(settings: Settings) -> Iterator[Finding]:
    """Whether each lets us in; nothing is taken."""
    loop = LoopThread()
    tokens = AccessTokens(Fetcher(lambda: loop), seconds=monotonic)
    try:
        for mailbox in settings.mailboxes.values():
            try:
                yield _finding(f"mailbox {mailbox.name}", True, f"{look(mailbox, tokens)} mails wait", "")
            except NotThereError as error:
                yield _finding(f"mailbox {mailbox.name}", False, str(error), "see the sentence on the left")
    finally:
        loop.close()


def _left_alone(settings: Settings, way: Channel) -> Iterator[str]:
    """What workers say of a provider, where there is a database to say it in."""
    with suppress(EngageError, sa.exc.SQLAlchemyError):
        database = Database.open(settings.database)
        try:
            for said in (each for each in standings(database) if each.provider == way.key):
                state = f"is left alone until {said.until:%H:%M:%S} UTC" if said.lasts else "is tried again"
                yield f"{state} by {said.worker or 'every worker'} ({said.reason})"
        finally:
            database.close()


def _answers(queue: Queue) -> bool:
    broker = queue.broker
    with suppress(redis.RedisError, AMQPError, OSError):
        match broker:
            case RabbitmqBroker():
                return bool(broker.channel.is_open)
            case RedisBroker():
                return bool(broker.client.ping())
    return False


def _api_keys(database: Database, environment: Mapping[str, str]) -> Finding:
    given = bool(environment.get("ENGAGE_API_KEY"))
    made = sum(not key.revoked_at and not key.expired for key in SqlKeys(database).every())
    found = f"{made} that open it" + (", and ENGAGE_API_KEY" if given else "")
    return _finding("API keys", given or made > 0, found, "make one: engage key create --role sender; until then /v1 is shut")


def _endpoints(called: str, load: Callable[[Settings], Mapping[str, HttpEndpoint]], settings: Settings) -> Iterator[Finding]:
    """DNS and TLS of each; which of its methods it likes is its own affair."""
    try:
        endpoints = load(settings)
    except InputError as error:
        yield _finding(f"{called}s", False, str(error), "mend engage.yaml, or the environment")
        return
    loop = LoopThread()
    try:
        for name, endpoint in endpoints.items():
            wrong = loop.run(endpoint.check())
            yield _finding(f"{called} {name}", not wrong, "; ".join(wrong) or "can be reached", "see its `url` in engage.yaml, and its DNS")
            loop.run(endpoint.close())
    finally:
        loop.close()


def _hooks(settings: Settings) -> Iterator[Finding]:
    """Where each posts to, how it proves itself, and whether it was heard of; a secret in the open is everybody's."""
    heard: Mapping[str, datetime] = {}
    with suppress(EngageError, sa.exc.SQLAlchemyError):
        database = Database.open(settings.database)
        try:
            heard = heard_of(database) if settings.hooks else {}
        finally:
            database.close()
    closed = settings.public_url.startswith(("https://", "http://127.", "http://localhost"))
    for name, hook in settings.hooks.items():
        last = f"heard of at {heard[name]:%Y-%m-%d %H:%M} UTC" if name in heard else "not heard of in the last day"
        found = f"{settings.public_url}/hooks/{name}, by {SOURCES[hook.source].means}; {last}"
        yield _finding(f"hook {name}", closed, found, "give `public_url` as https://…: what proves a hook would go in the open")


def _channels(settings: Settings) -> Iterator[Finding]:
    try:
        channels = load_channels(settings)
    except EngageError as error:
        yield _finding("channels", False, str(error), "mend engage.yaml, or install the adapter's package")
        return
    loop = LoopThread()
    try:
        for way in (way for channel in settings.channels.values() for way in channel.ways):
            adapter = channels[way.key]
            wrong = loop.run(adapter.check())
            found = "; ".join([*wrong, *_left_alone(settings, way)]) or f"{way.adapter} answers"
            yield _finding(f"channel {way.key}", not wrong, found, "see the sentence on the left")
            loop.run(adapter.close())
    finally:
        loop.close()
