"""A bench for each adapter: a real server, the adapter on it, what the server got, and the situations it can be put in."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from engage.channels.adapter import Adapter
from engage.channels.console import ConsoleChannel
from engage.channels.slack import SlackChannel
from engage.channels.sms_webhook import SmsWebhookChannel
from engage.channels.smtp import SmtpChannel
from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, Content, EmailContent, SmsContent
from engage.model.delivery import Cleared
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from tests.builders import a_channel, a_cleared, an_approved, an_intent, some_settings
from tests.fakes.channel import FakeChannel
from tests.servers.http import DROP, SILENCE, Answer
from tests.servers.slack import SlackServer
from tests.servers.smtp import SmtpServer
from tests.servers.webhook import WebhookServer

QUICK = "0.4s"  # for situations of silence only: long enough for a busy machine's loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the provider is made to do, and what must be raised; `traits` are attributes of the error."""

    name: str
    set_up: Callable[[Any], None]
    raises: type[SendError]
    traits: Mapping[str, object] = field(default_factory=dict)
    taken: bool = False


_REFUSED = Situation(
    name="refused", set_up=lambda server: server.run(server.refuse()), raises=Unavailable, traits={"whole_provider": True},
)


class Bench(ABC):
    """One adapter under test. Entered, it has its server running."""

    kind: ChannelKind
    address: str
    idempotent = False

    def __init__(self) -> None:
        self.server: Any = None
        self._context: AbstractContextManager[Any] = nullcontext()

    def __enter__(self) -> Bench:
        self._context = self.serve()
        self.server = self._context.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)

    @abstractmethod
    def serve(self) -> AbstractContextManager[Any]:
        """The server."""

    @abstractmethod
    def adapter(self, **options: str) -> Adapter:
        """A new adapter, set to the server."""

    @abstractmethod
    def content(self, text: str) -> Content:
        """A message that says this."""

    @abstractmethod
    def received(self) -> Sequence[str]:
        """The texts that the provider has."""

    def situations(self) -> Sequence[Situation]:
        """What can be made to go wrong."""
        return ()

    def hostile(self) -> Sequence[Cleared]:
        """Messages that would add a header or a recipient, were they written out as they are."""
        return ()

    def open_connections(self) -> int:
        """How many sockets the provider sees open."""
        return int(self.server.open_connections) if self.server is not None else 0

    def cleared(self, text: str = "Vse najboljše!", *, number: int = 7, **changes: Any) -> Cleared:
        """A cleared message to this bench's address."""
        approved = an_approved(intent=an_intent(id=number), channel=self.kind.value, kind=self.kind, address=self.address)
        cleared = a_cleared(message_id=f"<d{number}.abc@aurora.example>", idempotency_key=f"d{number}.abc")
        return replace(cleared, rendered=replace(cleared.rendered, approved=approved, content=self.content(text)), **changes)

    def with_content(self, **changes: Any) -> Cleared:
        """A cleared message whose content differs."""
        cleared = self.cleared()
        return replace(cleared, rendered=replace(cleared.rendered, content=replace(cleared.rendered.content, **changes)))

    def with_address(self, address: str) -> Cleared:
        """A cleared message to somewhere else."""
        cleared = self.cleared()
        return replace(cleared, rendered=replace(cleared.rendered, approved=replace(cleared.rendered.approved, address=address)))


class SmtpBench(Bench):
    kind = ChannelKind.EMAIL
    address = "canary.person@example.com"

    def serve(self) -> AbstractContextManager[Any]:
        return SmtpServer()

    def adapter(self, **options: str) -> Adapter:
        given = {"url": self.server.url, "timeout": "20s", "final_timeout": "20s", **options}
        return SmtpChannel(a_channel(adapter="smtp", options=given), some_settings())

    def content(self, text: str) -> Content:
        return EmailContent(subject="Vse najboljše!", text=text, html=f"<p>{text}</p>")

    def received(self) -> Sequence[str]:
        return [message.parsed.get_body(("plain",)).get_content().strip() for message in self.server.messages]

    def hostile(self) -> Sequence[Cleared]:
        bcc = "\r\nBcc: victim@example.net"
        line_ends = ("\r\n", "\n", "\r", "\u2028", "\x85", "\0")
        appended = (", z@example.net", bcc, ">\r\nRCPT TO:<z@example.net", " z@example.net", "\0")
        return [
            *(self.with_content(subject=f"hello{end}Bcc: victim@example.net") for end in line_ends),
            self.with_content(subject="=?utf-8?q?hi=0ABcc:_victim=40example.net?="),
            self.with_content(subject="=?utf-8?b?aGkNCkJjYzogdmljdGltQGV4YW1wbGUubmV0?="),
            self.with_content(sender=f"Aurora{bcc} <hello@aurora.example>"),
            self.with_content(sender="=?utf-8?q?A=0ABcc:_x?= <hello@aurora.example>"),
            self.with_content(sender="hello@aurora.example, other@aurora.example"),
            self.with_content(reply_to=f"hello@aurora.example{bcc}"),
            *(self.with_address(f"a@example.com{more}") for more in appended),
            replace(self.cleared(), message_id=f"<a@b>{bcc}"),
        ]

    def situations(self) -> Sequence[Situation]:
        def at(phase: str, reply: str, raises: type[SendError], *, taken: bool = False, **traits: object) -> Situation:
            name = f"{phase}: {reply}"
            return Situation(name=name, set_up=lambda server: server.answer(phase, reply), raises=raises, traits=traits, taken=taken)

        return [
            _REFUSED,
            at("greeting", "421 4.3.2 not now", Unavailable, whole_provider=True),
            at("greeting", "554 5.3.2 no", Unavailable, whole_provider=True),
            at("greeting", DROP, Unavailable, whole_provider=True),
            at("greeting", SILENCE, Unavailable, whole_provider=True),
            at("greeting", "nonsense", Unavailable, whole_provider=True),
            at("ehlo", "421 4.3.2 not now", Unavailable, whole_provider=True),
            at("ehlo", DROP, Unavailable, whole_provider=True),
            at("mail", "421 4.3.2 not now", Unavailable, whole_provider=True),
            at("mail", "452 4.3.1 disk full", Unavailable, whole_provider=True, code="452"),
            at("mail", "451 try later", Unavailable, whole_provider=True),
            at("mail", "530 5.7.0 log in", Unavailable, configuration=True),
            at("mail", "552 5.3.4 too big", Rejected, address_is_bad=False),
            at("mail", "550 5.7.1 not your sender", Unavailable, configuration=True),
            at("mail", DROP, Unavailable),
            at("mail", SILENCE, Unavailable),
            at("mail", "354 what", Unavailable),
            at("rcpt", "421 4.3.2 not now", Unavailable, whole_provider=True),
            at("rcpt", "450 4.2.0 Greylisted, come back", Unavailable, retry_after=300.0, whole_provider=False),
            at("rcpt", f"450 4.2.1 <{self.address}> busy", Unavailable, retry_after=None, code="450"),
            at("rcpt", f"550 5.1.1 <{self.address}> unknown", Rejected, address_is_bad=True, code="550"),
            at("rcpt", "550 5.1.10 null MX", Rejected, address_is_bad=True),
            at("rcpt", "550 5.2.1 disabled", Rejected, address_is_bad=True),
            at("rcpt", "552 5.2.2 mailbox full", Rejected, address_is_bad=False),
            at("rcpt", "550 5.1.8 bad sender", Rejected, address_is_bad=False),
            at("rcpt", "550 5.7.1 policy", Rejected, address_is_bad=False),
            at("rcpt", "550 no such user", Rejected, address_is_bad=False),
            at("rcpt", DROP, Unavailable),
            at("rcpt", SILENCE, Unavailable),
            at("data", "451 4.3.0 not now", Unavailable, whole_provider=True),
            at("data", "554 5.6.0 no", Rejected),
            at("data", DROP, Unavailable),
            at("data", SILENCE, Unavailable),
            at("data", "250 what", Unavailable),
            at("content", SILENCE, Unconfirmed),
            at("dot", "421 4.3.2 not now", Unavailable, whole_provider=True),
            at("dot", "451 4.3.0 try again", Unavailable, code="451"),
            at("dot", "452 4.3.1 disk full", Unavailable, whole_provider=True),
            at("dot", "450 4.7.1 too many to you", Unavailable, whole_provider=False),
            at("dot", "554 5.7.1 spam", Rejected, address_is_bad=False, code="554"),
            at("dot", f"550 5.1.1 {self.address} unknown", Rejected, address_is_bad=True),
            at("dot", DROP, Unconfirmed, taken=True),
            at("dot", SILENCE, Unconfirmed, taken=True),
            at("dot", "nonsense", Unconfirmed, taken=True),
            at("dot", "354 what", Unconfirmed, taken=True),
        ]


class SlackBench(Bench):
    kind = ChannelKind.CHAT
    address = "U0CANARY99"

    def serve(self) -> AbstractContextManager[Any]:
        return SlackServer()

    def adapter(self, **options: str) -> Adapter:
        given = {"token": "xoxb-test", "base_url": self.server.url, "timeout": "20s", **options}
        return SlackChannel(a_channel("chat", adapter="slack", options=given, sender=None), some_settings())

    def content(self, text: str) -> Content:
        return ChatContent(text=text, blocks=({"type": "section", "text": {"type": "mrkdwn", "text": text}},))

    def received(self) -> Sequence[str]:
        return [str(message["text"]) for message in self.server.messages]

    def situations(self) -> Sequence[Situation]:
        def word(error: str, raises: type[SendError], **traits: object) -> Situation:
            return Situation(name=error, set_up=lambda server: server.fail(error), raises=raises, traits={"code": error, **traits})

        return [
            *_http_situations(five_hundred=Unconfirmed),
            word("channel_not_found", Rejected, address_is_bad=True),
            word("is_archived", Rejected, address_is_bad=True),
            word("not_in_channel", Rejected, address_is_bad=False),
            word("msg_too_long", Rejected, address_is_bad=False),
            word("a_word_of_next_year", Rejected, address_is_bad=False),
            word("invalid_auth", Unavailable, configuration=True),
            word("token_revoked", Unavailable, configuration=True),
            word("missing_scope", Unavailable, configuration=True),
            word("ratelimited", Unavailable, whole_provider=True),
            word("service_unavailable", Unavailable, whole_provider=True),
            word("internal_error", Unconfirmed),
            word("fatal_error", Unconfirmed),
            Situation(name="not JSON", set_up=lambda server: server.answer(Answer(body="<html>")), raises=Unconfirmed),
        ]


class SmsWebhookBench(Bench):
    kind = ChannelKind.SMS
    idempotent = True
    address = "+38640999888"

    def serve(self) -> AbstractContextManager[Any]:
        return WebhookServer()

    def adapter(self, **options: str) -> Adapter:
        given = {"url": self.server.url, "secret": self.server.secret, "loopback": "allowed", "timeout": "20s", **options}
        return SmsWebhookChannel(a_channel("sms", adapter="sms_webhook", options=given, sender="Aurora"), some_settings())

    def content(self, text: str) -> Content:
        return SmsContent(text=text, encoding="ucs-2", segments=1)

    def received(self) -> Sequence[str]:
        return [str(message["text"]) for message in self.server.messages.values()]

    def hostile(self) -> Sequence[Cleared]:
        return [replace(self.cleared(), idempotency_key="d7\r\nX-Admin: yes")]

    def situations(self) -> Sequence[Situation]:
        def status(status: int, raises: type[SendError], error: str | None = None, **traits: object) -> Situation:
            answer = Answer(status=status, body={"error": error} if error else {})
            return Situation(name=f"{status} {error}", set_up=lambda server: server.answer(answer), raises=raises, traits=traits)

        return [
            *_http_situations(five_hundred=Unavailable),
            status(400, Rejected, "text too long", address_is_bad=False),
            status(422, Rejected, address_is_bad=False),
            status(422, Rejected, "invalid_recipient", address_is_bad=True),
            status(400, Rejected, f"{self.address} is odd", address_is_bad=False),
            status(409, Unavailable, whole_provider=False),
            status(425, Unavailable),
            status(401, Unavailable, configuration=True),
            status(403, Unavailable, configuration=True),
            status(404, Unavailable, configuration=True),
        ]


class ConsoleBench(Bench):
    kind = ChannelKind.EMAIL
    address = "canary.person@example.com"

    def serve(self) -> AbstractContextManager[Any]:
        return nullcontext(io.StringIO())

    def adapter(self, **options: str) -> Adapter:
        return ConsoleChannel(a_channel(options=options), some_settings(), stream=self.server)

    def content(self, text: str) -> Content:
        return EmailContent(subject="Vse najboljše!", text=text)

    def received(self) -> Sequence[str]:
        return [block.partition("\n\n")[2].strip() for block in self.server.getvalue().split("--- email to ")[1:]]

    def situations(self) -> Sequence[Situation]:
        return [Situation(name="closed", set_up=lambda stream: stream.close(), raises=Unavailable)]

    def open_connections(self) -> int:
        return 0


class FakeBench(Bench):
    kind = ChannelKind.SMS
    address = "+38640999888"

    def serve(self) -> AbstractContextManager[Any]:
        return nullcontext(FakeChannel())

    def adapter(self, **options: str) -> Adapter:
        assert not options, "the fake has no options"
        adapter: Adapter = self.server
        return adapter

    def content(self, text: str) -> Content:
        return SmsContent(text=text, encoding="ucs-2", segments=1)

    def received(self) -> Sequence[str]:
        return [cleared.rendered.content.text for cleared in self.server.sent]

    def situations(self) -> Sequence[Situation]:
        def told(error: SendError, *, taken: bool = False) -> Situation:
            name = type(error).__name__
            return Situation(name=name, set_up=lambda fake: fake.fail(error, yet_taken=taken), raises=type(error), taken=taken)

        return [told(Rejected("no")), told(Unavailable("later")), told(Unconfirmed("who knows"), taken=True)]

    def open_connections(self) -> int:
        return 0


def _http_situations(*, five_hundred: type[SendError]) -> list[Situation]:
    def answer(name: str, reply: Answer | str, raises: type[SendError], *, taken: bool = False, **traits: object) -> Situation:
        return Situation(name=name, set_up=lambda server: server.answer(reply), raises=raises, traits=traits, taken=taken)

    later = Answer(status=429, body={}, headers={"Retry-After": "7"})
    return [
        _REFUSED,
        answer("429", later, Unavailable, retry_after=7.0, whole_provider=True, configuration=False),
        answer("500", Answer(status=500, body="<h1>oops</h1>"), five_hundred),
        answer("503", Answer(status=503, body={}), five_hundred),
        answer("302", Answer(status=302, body="", headers={"Location": "http://127.0.0.1:1/"}), Unavailable, configuration=True),
        answer("drop", DROP, Unconfirmed, taken=True),
        answer("silence", SILENCE, Unconfirmed, taken=True),
    ]


BENCHES: Mapping[str, type[Bench]] = {
    "smtp": SmtpBench, "slack": SlackBench, "sms_webhook": SmsWebhookBench, "console": ConsoleBench, "fake": FakeBench,
}
