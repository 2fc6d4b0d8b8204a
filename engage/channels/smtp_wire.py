"""The wire of an SMTP session that is open: bytes go out, whole replies come in, in their order (RFC 5321, RFC 2920)."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from functools import lru_cache
from typing import final

from engage.channels.smtp_replies import Reply

LONGEST_REPLY = 32_768  # octets; endless continuation lines would fill the memory

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


@final
class Wire(asyncio.Protocol):
    """Takes over a transport on which somebody else connected, secured, greeted and logged in.

    Every fault is an OSError: the connection is lost, silent for too long (TimeoutError), or says what is no reply.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._lost: OSError | None = None
        self._news: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._clogged = False
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=1)  # so that `drain` waits until nothing is left here; at 0 asyncio's TLS would for ever

    @property
    def is_usable(self) -> bool:
        """Whether a transaction may begin: the server is there, and has not spoken unasked (421 before it hangs up)."""
        return self._lost is None and not self._replies and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send, or keep for sending. Raises OSError where the connection is known to be lost."""
        if self._lost is not None:
            raise self._lost
        self._transport.write(data)

    async def drain(self, within: float) -> None:
        """Wait until the system has taken all that was written, so many seconds at most. Raises OSError."""
        self._set_deadline(within)
        while self._clogged:
            await self._hear()
        self._deadline = None

    def heard(self) -> Reply | None:
        """The server's next reply, where it is here already."""
        return self._replies.popleft() if self._replies else None

    async def reply(self, within: float) -> Reply:
        """The server's next reply, waited for so many seconds at most. Raises OSError."""
        if not self._replies:
            self._set_deadline(within)
            while not self._replies:
                await self._hear()
            self._deadline = None
        return self._replies.popleft()

    def abort(self) -> None:
        """Let the socket go without a word."""
        if self._watch is not None:
            self._watch.cancel()
        self._transport.abort()

    def _set_deadline(self, within: float) -> None:
        """From now on waiting ends then. The watch that goes off early looks again: a timer a reply would cost as much as all else."""
        self._deadline = deadline = self._loop.time() + within
        if self._watch is not None and self._watch.when() > deadline:
            self._watch.cancel()
            self._watch = None
        if self._watch is None:
            self._watch = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._watch = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._watch = self._loop.call_at(self._deadline, self._look)
        elif self._news is not None and not self._news.done():
            self._news.set_exception(TimeoutError("no answer in time"))

    async def _hear(self) -> None:
        """Wait for whatever comes next: a reply, room for more, the end."""
        if self._lost is not None:
            raise self._lost
        self._news = self._loop.create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Bytes came in: cut them into lines, the lines into replies."""
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            self._read(bytes(line))
        if len(self._buffer) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self._end(OSError("a reply without end"))
        self._tell()

    def _read(self, line: bytes) -> None:
        if not self._lines and (single := _single(line)) is not None:
            self._replies.append(single)
            return
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None:
            self._end(OSError("what came is no reply"))
            return
        self._lines.append((found[3] or b"").decode("utf-8", "surrogateescape").strip(" \t"))
        if found[2] != b"-":
            self._replies.append(Reply(code=int(found[1]), text="\n".join(self._lines)))
            self._lines = []

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._end(exc if isinstance(exc, OSError) else ConnectionResetError("the connection was lost"))

    def _end(self, why: OSError) -> None:
        self._lost = self._lost or why
        self._tell()

    def pause_writing(self) -> None:
        """The system takes no more for now."""
        self._clogged = True

    def resume_writing(self) -> None:
        """It has taken all."""
        self._clogged = False
        self._tell()


@lru_cache(maxsize=256)
def _single(line: bytes) -> Reply | None:
    """The reply that is this one line, as nearly all are, and mostly the same ones; None of any other line."""
    found = _LINE.fullmatch(line.rstrip(b"\r"))
    if found is None or found[2] == b"-":
        return None
    return Reply(code=int(found[1]), text=(found[3] or b"").decode("utf-8", "surrogateescape").strip(" \t"))
