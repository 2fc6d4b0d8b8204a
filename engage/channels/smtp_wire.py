"""The wire of an SMTP session that is open: bytes go out, whole replies come in, in their order (RFC 5321, RFC 2920).

Nobody waits here: whoever listens is told of the replies that came, and of the end. So a reply costs no future, and wakes no task.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, final

from engage.channels.smtp_replies import Reply

LONGEST_REPLY = 32_768  # octets; endless continuation lines would fill the memory

_AT_ONCE = 4096  # octets that are read at once: more than a server says to one mail
_GOODBYE = 5.0  # seconds: QUIT is a courtesy
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class Listener(Protocol):
    """Who works on a wire. Implementers must not raise."""

    def heard(self, replies: Sequence[Reply]) -> None:
        """These came at once."""
        ...

    def ended(self, why: OSError) -> None:
        """Nothing more will come: the connection is lost, silent for too long (TimeoutError), or says what is no reply. Told once."""
        ...

    def taken(self) -> None:
        """The system has taken all that was written, after it had not done so at once."""
        ...


@final
class Wire(asyncio.BufferedProtocol):
    """Takes over a transport on which somebody else connected, secured, greeted and logged in."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._room = memoryview(bytearray(_AT_ONCE))  # of a bytearray itself asyncio's TLS would fill copies of its slices
        self._rest = b""
        self._lines: list[str] = []
        self._is_over = False
        self._listener: Listener | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.is_clogged = False
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=1)  # so that `taken` means that nothing is left here; at 0 asyncio's TLS would never say it

    @property
    def is_usable(self) -> bool:
        """Whether what is written now has a chance to be read."""
        return not (self._is_over or self._transport.is_closing())

    def listen(self, listener: Listener) -> None:
        """Tell this one from now on."""
        self._listener = listener

    def write(self, data: bytes) -> None:
        """Send, or keep for sending (`is_clogged`). What is written to a connection that is lost goes nowhere; `ended` says so."""
        if not self._is_over:
            self._transport.write(data)

    def expect(self, within: float | None) -> None:
        """From now on silence ends the connection after so many seconds; None: never.

        The watch that goes off early looks again: a timer a reply would cost as much as all else.
        """
        if within is None or self._is_over:
            self._deadline = None
            return
        self._deadline = deadline = self._loop.time() + within
        if self._watch is None:
            self._watch = self._loop.call_at(deadline, self._look)
        elif self._watch.when() > deadline:
            self._watch.cancel()
            self._watch = self._loop.call_at(deadline, self._look)

    def abort(self) -> None:
        """Let the socket go without a word; nobody is told of anything any more."""
        self._is_over, self._listener = True, None
        if self._watch is not None:
            self._watch.cancel()
        self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: always to the same place, as a new one for each reply would be made 64 times too large."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came in: cut them into lines, the lines into replies."""
        lines = (self._rest + bytes(self._room[:nbytes])).split(b"\n")
        self._rest = lines.pop()
        replies: list[Reply] = []
        wrong = None if self._read(lines, replies) else "what came is no reply"
        if len(self._rest) + sum(map(len, self._lines)) > LONGEST_REPLY:
            wrong = "a reply without end"
        if replies and self._listener is not None:
            self._listener.heard(replies)
        if wrong is not None:
            self._end(OSError(wrong))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._end(exc if isinstance(exc, OSError) else ConnectionResetError("the connection was lost"))

    def pause_writing(self) -> None:
        """The system takes no more for now."""
        self.is_clogged = True

    def resume_writing(self) -> None:
        """It has taken all."""
        self.is_clogged = False
        if self._listener is not None:
            self._listener.taken()

    def _read(self, lines: Sequence[bytes], replies: list[Reply]) -> bool:
        """Add the replies that are whole now. Whether all of it were replies."""
        for line in lines:
            if not self._lines and (single := _single(line)) is not None:
                replies.append(single)
                continue
            found = _LINE.fullmatch(line.rstrip(b"\r"))
            if found is None:
                return False
            self._lines.append((found[3] or b"").decode("utf-8", "surrogateescape").strip(" \t"))
            if found[2] != b"-":
                replies.append(Reply(code=int(found[1]), text="\n".join(self._lines)))
                self._lines = []
        return True

    def _look(self) -> None:
        self._watch = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._watch = self._loop.call_at(self._deadline, self._look)
        else:
            self._end(TimeoutError("no answer in time"))

    def _end(self, why: OSError) -> None:
        if self._is_over:
            return
        self._is_over, listener = True, self._listener
        if listener is not None:
            listener.ended(why)


@final
class _LastWord:
    """Waits for what the server says to QUIT."""

    def __init__(self) -> None:
        self.said: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(self, replies: Sequence[Reply]) -> None:
        """Whatever it was."""
        if not self.said.done():
            self.said.set_result(None)

    def ended(self, why: OSError) -> None:
        """It is over either way."""
        self.heard(())

    def taken(self) -> None:
        """Nothing hangs on it."""


async def goodbye(wire: Wire) -> None:
    """QUIT where the server still listens, then let the socket go."""
    try:
        if wire.is_usable:
            last = _LastWord()
            wire.listen(last)
            wire.write(b"QUIT\r\n")
            wire.expect(_GOODBYE)
            await last.said
    finally:
        wire.abort()


@lru_cache(maxsize=256)
def _single(line: bytes) -> Reply | None:
    """The reply that is this one line, as nearly all are, and mostly the same ones; None of any other line."""
    found = _LINE.fullmatch(line.rstrip(b"\r"))
    if found is None or found[2] == b"-":
        return None
    return Reply(code=int(found[1]), text=(found[3] or b"").decode("utf-8", "surrogateescape").strip(" \t"))
