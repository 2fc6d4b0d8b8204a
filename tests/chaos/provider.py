"""The fake provider, a process of its own that outlives every fault: SMTP and an SMS gateway, and a log of all that they took.

`python -m tests.chaos.provider LOG` prints its ports as a JSON line, then obeys JSON lines on its standard input until that ends:
`{"phase": "dot", "reply": "<drop>", "times": 3}` scripts the next answers (phases: mail, rcpt, dot, post), as tests/servers do.

A line of the log is `SECONDS CHANNEL KEY ADDRESS TOLD`: when the last dot (or the whole request) was read, the Message-ID or
Idempotency-Key, to whom, and whether the sender was told. It is written before the sender hears of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections import defaultdict, deque
from typing import Final

from aiohttp import web

DROP: Final = "<drop>"
"""Take the message, close the connection without a word."""

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
EHLO = b"250-chaos.invalid\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"


class Script:
    """What is answered next, by phase; without a script everything is taken."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[str]] = defaultdict(deque)

    def add(self, phase: str, reply: str, times: int) -> None:
        """So many more answers."""
        self._next[phase].extend([reply] * times)

    def next(self, phase: str) -> str | None:
        """The scripted answer, used up by this."""
        waiting = self._next[phase]
        return waiting.popleft() if waiting else None


class Log:
    """One write a message, to a file opened for appending."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def took(self, channel: str, key: str, address: str, *, told: bool) -> None:
        """Write one line."""
        os.write(self._handle, f"{time.time():.6f} {channel} {key} {address} {int(told)}\n".encode())


class Smtp(asyncio.Protocol):
    """One connection: commands and contents as they come, however they are cut up or sent ahead (RFC 2920)."""

    def __init__(self, log: Log, script: Script) -> None:
        self._log = log
        self._script = script
        self._buffer = b""
        self._reading = False  # a content
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 chaos.invalid ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take what is whole, keep the rest."""
        self._buffer += data
        while not self._transport.is_closing():
            mark = b"\r\n.\r\n" if self._reading else b"\r\n"
            whole, found, rest = self._buffer.partition(mark)
            if not found:
                return
            self._buffer = rest
            if self._reading:
                self._content(whole)
            else:
                self._command(whole)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        match verb:
            case b"EHLO":
                self._transport.write(EHLO)
            case b"MAIL":
                self._recipient = ""
                self._say(self._script.next("mail") or "250 2.1.0 fine")
            case b"RCPT":
                reply = self._script.next("rcpt") or "250 2.1.5 fine"
                if reply.startswith("250"):
                    self._recipient = line.partition(b":")[2].strip(b"<> ").decode()
                self._say(reply)
            case b"DATA":
                self._reading = bool(self._recipient)
                self._say("354 go on" if self._reading else "503 5.5.1 RCPT first")
            case b"QUIT":
                self._say("221 2.0.0 bye")
                self._transport.close()
            case _:
                self._say("250 2.0.0 fine")

    def _content(self, content: bytes) -> None:
        self._reading = False
        reply = self._script.next("dot") or "250 2.0.0 Ok: queued"
        if reply == DROP or reply.startswith("2"):
            found = MESSAGE_ID.search(content)
            key = found.group(1).decode() if found else "<none>"
            self._log.took("smtp", key, self._recipient, told=reply != DROP)
        self._say(reply)

    def _say(self, reply: str) -> None:
        if reply == DROP:
            self._transport.abort()
        else:
            self._transport.write(f"{reply}\r\n".encode())


class Gateway:
    """SMS by webhook. A key that comes again is answered as before and is no second message, but its line is written too."""

    def __init__(self, log: Log, script: Script) -> None:
        self._log = log
        self._script = script

    async def take(self, request: web.Request) -> web.Response:
        """One message."""
        key, body = request.headers["Idempotency-Key"], await request.json()
        reply = self._script.next("post") or "200"
        if reply in ("200", DROP):
            self._log.took("sms", key, body["to"], told=reply != DROP)
        if reply == DROP and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": "1"} if reply == "429" else {}
        return web.json_response({"id": key}, status=200 if reply == DROP else int(reply), headers=headers)


async def serve(log: Log) -> None:
    """Both servers, until standard input ends."""
    script, loop = Script(), asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: Smtp(log, script), "127.0.0.1", 0, backlog=512)
    application = web.Application()
    application.router.add_post("/sms", Gateway(log, script).take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ports = {"smtp": smtp.sockets[0].getsockname()[1], "http": runner.addresses[0][1]}
    os.write(1, f"{json.dumps(ports)}\n".encode())
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        said = json.loads(line)
        script.add(said["phase"], said["reply"], said["times"])


if __name__ == "__main__":
    asyncio.run(serve(Log(sys.argv[1])))
