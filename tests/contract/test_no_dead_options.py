"""No option of an adapter is accepted and does nothing: another value of each is seen by the provider, or in what comes of the sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engage.channels.adapter import Adapter
from engage.channels.console import ConsoleChannel
from engage.model.errors import InputError, SendError
from tests.builders import a_channel, some_settings
from tests.contract.channel_benches import BENCHES, Bench, SmtpBench
from tests.servers.smtp import SILENCE, SmtpServer

PATIENCE = 1.5
"""Seconds after which a test calls a sending long; those that are to give up do so in a fifth of a second."""

Seen = Callable[[Bench, Sequence[str]], object]


def came_of_it(bench: Bench, outcomes: Sequence[str]) -> object:
    """Whether the messages went, and what was raised."""
    return outcomes


def envelope(bench: Bench, outcomes: Sequence[str]) -> object:
    """Where bounces go."""
    return [message.sender for message in bench.server.messages]


def header(name: str) -> Seen:
    """A header of the mails."""
    return lambda bench, outcomes: [message.parsed[name] for message in bench.server.messages]


def greeting(bench: Bench, outcomes: Sequence[str]) -> object:
    """The first line that the server heard."""
    return bench.server.commands[:1]


def connections(bench: Bench, outcomes: Sequence[str]) -> object:
    """Whether more than one was made."""
    return bench.server.connections > 1


def unfurled(bench: Bench, outcomes: Sequence[str]) -> object:
    """Whether Slack was asked for previews."""
    return [(message["unfurl_links"], message["unfurl_media"]) for message in bench.server.messages]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Two values of one option (None: it is left out), each sent with on a server of its own; `prepare` sets that up.

    `beside` are the options without which it means nothing.
    """

    one: str | Callable[[Any], str] | None
    other: str | Callable[[Any], str] | None
    see: Seen = came_of_it
    prepare: Callable[[Any], None] = lambda server: None
    messages: int = 1
    bench: type[Bench] | None = None
    beside: Mapping[str, str] = field(default_factory=dict)


class SecureSmtpBench(SmtpBench):
    """A server whose certificate a private authority signed."""

    def serve(self) -> SmtpServer:
        return SmtpServer(tls="starttls")


def silent_at(phase: str) -> Callable[[Any], None]:
    """The server falls silent at a phase."""
    return lambda server: server.answer(phase, SILENCE)


def a_key() -> str:
    """A private key as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


DKIM = {"dkim_key": a_key(), "dkim_selector": "s1"}

CASES = {
    ("smtp", "url"): Case(one=lambda server: server.url, other=lambda server: f"{server.url}?starttls=required"),
    ("smtp", "connections"): Case(one="1", other="4", see=connections, messages=4),
    ("smtp", "timeout"): Case(one="0.2s", other="3s", prepare=silent_at("mail")),
    ("smtp", "final_timeout"): Case(one="0.2s", other="3s", prepare=silent_at("dot")),
    ("smtp", "return_path"): Case(one=None, other="bounces+{id}@aurora.example", see=envelope),
    ("smtp", "reply_to"): Case(one=None, other="answers@aurora.example", see=header("Reply-To")),
    ("smtp", "unsubscribe_mailto"): Case(one=None, other="stop@aurora.example", see=header("List-Unsubscribe")),
    ("smtp", "dkim_key"): Case(one=DKIM["dkim_key"], other=a_key(), see=header("DKIM-Signature"), beside=DKIM),
    ("smtp", "dkim_selector"): Case(one="one", other="two", see=header("DKIM-Signature"), beside=DKIM),
    ("smtp", "dkim_domain"): Case(one=None, other="mail.aurora.example", see=header("DKIM-Signature"), beside=DKIM),
    ("smtp", "service"): Case(one=None, other="postmark", see=header("X-PM-Metadata-engage_delivery")),
    ("smtp", "helo"): Case(one="one.example", other="other.example", see=greeting),
    ("smtp", "ca_file"): Case(one=None, other=lambda server: server.ca_file, bench=SecureSmtpBench),
    ("slack", "token"): Case(one="xoxb-test", other="xoxb-other"),
    ("slack", "unfurl"): Case(one="no", other="yes", see=unfurled),
    ("slack", "timeout"): Case(one="0.2s", other="30s", prepare=lambda server: server.answer(SILENCE)),
    ("slack", "base_url"): Case(one=lambda server: server.url, other="http://127.0.0.1:1/"),
    ("sms_webhook", "url"): Case(one=lambda server: server.url, other="http://127.0.0.1:1/"),
    ("sms_webhook", "secret"): Case(one=lambda server: server.secret, other="whsec_" + "b3RoZXIh" * 4),
    ("sms_webhook", "timeout"): Case(one="0.2s", other="30s", prepare=lambda server: server.answer(SILENCE)),
    ("sms_webhook", "loopback"): Case(one="allowed", other="refused"),
}
BY_ITSELF = {("console", "stream")}
"""Seen without a server, below."""


def adapters() -> dict[str, type[Adapter]]:
    """Those of this package, by the names that `adapter:` takes."""
    return {point.name: point.load() for point in entry_points(group="engage.channels") if point.value.startswith("engage.")}


def observed(adapter: str, option: str, *, other: bool) -> object:
    """Send with one of the values, and look."""
    case = CASES[adapter, option]
    with (case.bench or BENCHES[adapter])() as bench:
        case.prepare(bench.server)
        value = case.other if other else case.one
        written = value(bench.server) if callable(value) else value
        outcomes = asyncio.run(_sent(bench, {**case.beside, **({} if written is None else {option: written})}, case.messages))
        return case.see(bench, outcomes)


async def _sent(bench: Bench, options: dict[str, str], messages: int) -> Sequence[str]:
    try:
        adapter = bench.adapter(**options)
    except InputError:
        return ["refused"]
    try:
        return await asyncio.gather(*(_outcome(adapter, bench, number) for number in range(messages)))
    finally:
        await adapter.close()


async def _outcome(adapter: Adapter, bench: Bench, number: int) -> str:
    try:
        await asyncio.wait_for(adapter.send(bench.cleared(number=number + 1)), PATIENCE)
    except TimeoutError:
        return "still waiting"
    except SendError as error:
        return type(error).__name__
    return "sent"


def test_every_option_of_every_adapter_has_a_case() -> None:
    options = {(name, option) for name, adapter in adapters().items() for option in adapter.OPTIONS}
    assert {*CASES, *BY_ITSELF} == options


@pytest.mark.parametrize(("adapter", "option"), CASES)
def test_another_value_of_an_option_is_seen(adapter: str, option: str) -> None:
    assert observed(adapter, option, other=False) != observed(adapter, option, other=True)


def test_the_console_writes_to_the_stream_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with BENCHES["console"]() as bench:
        for stream in ("stdout", "stderr"):
            channel = ConsoleChannel(replace(a_channel(), options={"stream": stream}), some_settings())
            asyncio.run(channel.send(bench.cleared(stream)))
    printed = capsys.readouterr()
    assert ("stdout" in printed.out, "stderr" in printed.out) == (True, False)
    assert ("stdout" in printed.err, "stderr" in printed.err) == (False, True)
