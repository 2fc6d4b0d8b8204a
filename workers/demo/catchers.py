"""Where the demo's messages arrive: an SMTP server, a Slack and an SMS gateway of our own, real protocols on the loopback.

They stand outside Engage and know nothing of it: each listens on an ephemeral port and puts what it took into a tray.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from typing import Self, final

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from workers.loop import LoopThread

HOST = "127.0.0.1"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One message as its recipient would have it. `raw` is what came over the wire, read as UTF-8: a mail, a request's JSON."""

    at: datetime
    channel: str
    sender: str
    recipient: str
    subject: str | None
    html: str | None
    text: str
    raw: str = field(repr=False)


@final
class Tray:
    """All that was caught, in the order of arrival. Any number of threads may add and read."""

    def __init__(self) -> None:
        self._caught: list[Caught] = []
        self._lock = Lock()

    def add(self, caught: Caught) -> int:
        """Put one on top; how many there are now."""
        with self._lock:
            self._caught.append(caught)
            return len(self._caught)

    def all(self) -> tuple[Caught, ...]:
        """What is there now."""
        with self._lock:
            return tuple(self._caught)


class Catcher(ABC):
    """A server that is up between entering and leaving. `now` is the clock by which arrivals are dated."""

    def __init__(self, tray: Tray, now: Callable[[], datetime]) -> None:
        self._tray = tray
        self._now = now
        self._loop = LoopThread()
        self.port = 0

    def __enter__(self) -> Self:
        self.port = self._loop.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._stop())
        self._loop.close()

    @abstractmethod
    async def _start(self) -> int:
        """Listen; the port."""

    @abstractmethod
    async def _stop(self) -> None:
        """Listen no more."""

    def _take(self, channel: str, *, sender: str, recipient: str, text: str, raw: bytes, subject: str | None = None,
              html: str | None = None) -> int:
        return self._tray.add(Caught(
            at=self._now(), channel=channel, sender=sender, recipient=recipient, subject=subject, html=html, text=text,
            raw=raw.decode("utf-8", "replace"),
        ))


@final
class SmtpCatcher(Catcher):
    """Takes every mail. `url` is for the adapter `smtp`."""

    @property
    def url(self) -> str:
        """The option `url`."""
        return f"smtp://{HOST}:{self.port}"

    async def _start(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True, hostname="localhost", loop=loop), HOST, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        self._server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # the name is aiosmtpd's
        """Take a mail, once for each recipient."""
        del server, session
        raw = envelope.original_content or b""
        mail = message_from_bytes(raw, policy=policy.SMTPUTF8)
        number = 0
        for recipient in envelope.rcpt_tos:
            number = self._take(
                "email", sender=str(mail["From"]), recipient=recipient, subject=str(mail["Subject"] or ""),
                html=_part(mail, "html"), text=_part(mail, "plain") or "", raw=raw,
            )
        return f"250 2.0.0 Ok: queued as C{number}"


class HttpCatcher(Catcher):
    """What takes messages as POSTed JSON."""

    async def _start(self) -> int:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        return int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return web.Response(status=204)
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return web.json_response({"ok": False, "error": "json"}, status=400)
        return self._answer(request, body, raw)

    @abstractmethod
    def _answer(self, request: web.Request, body: dict[str, object], raw: bytes) -> web.Response:
        """Take the message, or refuse it."""


@final
class SlackCatcher(HttpCatcher):
    """Slack's chat.postMessage and auth.test. `base_url` and `token` are for the adapter `slack`."""

    token = "xoxb-demo"  # noqa: S105  # a token for nothing but this server

    @property
    def base_url(self) -> str:
        """The option `base_url`."""
        return f"http://{HOST}:{self.port}/api/"

    def _answer(self, request: web.Request, body: dict[str, object], raw: bytes) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if request.path == "/api/auth.test":
            return web.json_response({"ok": True, "user": "engage"})
        if request.path != "/api/chat.postMessage":
            return web.json_response({"ok": False, "error": "unknown_method"})
        recipient = str(body.get("channel", ""))
        number = self._take("chat", sender="Engage", recipient=recipient, text=str(body.get("text") or ""), raw=raw)
        return web.json_response({"ok": True, "ts": f"{int(self._now().timestamp())}.{number:06}", "channel": recipient})


@final
class SmsCatcher(HttpCatcher):
    """An SMS gateway that checks each signature and keeps one message a key. `url` and `secret` are for `sms_webhook`."""

    def __init__(self, tray: Tray, now: Callable[[], datetime]) -> None:
        super().__init__(tray, now)
        self.secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self._numbers: dict[str, int] = {}

    @property
    def url(self) -> str:
        """The option `url`; it needs `loopback: allowed`."""
        return f"http://{HOST}:{self.port}/sms"

    def _answer(self, request: web.Request, body: dict[str, object], raw: bytes) -> web.Response:
        try:
            Webhook(self.secret).verify(raw, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return web.json_response({"error": "signature"}, status=401)
        key = request.headers.get("Idempotency-Key", "")
        if key not in self._numbers:
            self._numbers[key] = self._take(
                "sms", sender=str(body.get("from") or ""), recipient=str(body.get("to", "")), text=str(body.get("text", "")), raw=raw,
            )
        return web.json_response({"id": f"sms-{self._numbers[key]}"})


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else None
