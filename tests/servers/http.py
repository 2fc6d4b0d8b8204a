"""A real HTTP server on an ephemeral port of the loopback, whose answers can be scripted; Slack's and the webhook's are made of it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from tests.servers.loop import ServerThread

DROP: Final = "<drop>"
"""The request is read and taken, the connection closed without an answer."""

SILENCE: Final = "<silence>"
"""The request is read and taken, and no answer comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server says. `body` is sent as JSON, or as it is where it is text."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, object]:
        """The body, read as JSON."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


class HttpServer(ServerThread):
    """`_usual` gives the answer to a request for which none is scripted."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.port = 0
        self._always: Answer | str | None = None
        self._next: deque[Answer | str] = deque()

    def answer(self, reply: Answer | str, *, times: int | None = None) -> None:
        """Answer so always, or so many times; DROP and SILENCE among the answers."""
        if times is None:
            self._always = reply
        else:
            self._next.extend([reply] * times)

    @property
    def url(self) -> str:
        """Its root, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        server = self._runner.server
        return len(server.connections) if server is not None else 0

    async def refuse(self) -> None:
        """Stop listening: the next connection is refused."""
        await self._site.stop()

    def _usual(self, request: Request) -> Answer:
        raise NotImplementedError

    def _accepts(self, reply: Answer) -> bool:
        """Whether that answer means that the message was taken."""
        return reply.status < 300

    def _taken(self, request: Request) -> None:
        """What is done with a request that was taken, whether or not its sender hears of it."""
        raise NotImplementedError

    async def _start(self) -> None:
        application = web.Application(client_max_size=2**22)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        self.port = int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        await self._runner.cleanup()

    async def _serve(self, incoming: web.Request) -> web.StreamResponse:
        body, query = await incoming.read(), dict(incoming.query)
        request = Request(method=incoming.method, path=incoming.path, headers=dict(incoming.headers), body=body, query=query)
        self.requests.append(request)
        reply = self._next.popleft() if self._next else self._always
        if reply is None:
            reply = self._usual(request)
        if isinstance(reply, str) or self._accepts(reply):
            self._taken(request)
        if isinstance(reply, str):
            return await self._break_off(incoming, reply)
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        kind = reply.media_type or ("text/html" if isinstance(reply.body, str) else "application/json")
        return web.Response(status=reply.status, text=text, content_type=kind, headers=dict(reply.headers))

    async def _break_off(self, incoming: web.Request, how: str) -> web.StreamResponse:
        assert incoming.transport is not None
        if how == SILENCE:
            await asyncio.Event().wait()  # cancelled when the client goes
        incoming.transport.abort()
        return web.Response()
