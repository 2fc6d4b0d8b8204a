"""A mail server that takes whatever comes and notes the moment at which it had all of it: `python -m bench.mailbox FILE`.

It offers PIPELINING (RFC 2920). Its port is its first line of output; FILE gets a line for each mail whose subject begins with
`Ticket `: the moment by the monotonic clock, and the subject. All others are taken without a word.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TextIO

DOT = b"\r\n.\r\n"
SUBJECT = re.compile(rb"^Subject: (Ticket [^\r\n]*)", re.MULTILINE)
REPLIES = {b"EHLO": b"250-mailbox\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n", b"DATA": b"354 go on\r\n"}


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, notes: TextIO) -> None:
        self._notes = notes
        self._rest = b""
        self._in_data = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(b"220 mailbox\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer as much as has come whole."""
        self._rest += data
        replies: list[bytes] = []
        while (reply := self._take()) is not None:
            replies.append(reply)
        if replies and self._transport is not None:
            self._transport.write(b"".join(replies))

    def _take(self) -> bytes | None:
        end, mark = (DOT, 5) if self._in_data else (b"\r\n", 2)
        at = self._rest.find(end)
        if at < 0:
            return None
        taken, self._rest = self._rest[:at], self._rest[at + mark:]
        if self._in_data:
            self._in_data = False
            self._note(taken)
            return b"250 2.0.0 Ok: queued\r\n"
        verb = taken[:4].upper()
        self._in_data = verb == b"DATA"
        return REPLIES.get(verb, b"250 ok\r\n")

    def _note(self, mail: bytes) -> None:
        found = SUBJECT.search(mail)
        if found is not None:
            self._notes.write(f"{time.monotonic()} {found[1].decode()}\n")
            self._notes.flush()


async def serve(notes: TextIO) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Session(notes), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a", encoding="utf-8") as notes:
        asyncio.run(serve(notes))
