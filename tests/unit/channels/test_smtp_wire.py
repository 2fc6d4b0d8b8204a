"""What a server says, cut into replies however it arrives; and how silence and nonsense end a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from engage.channels.smtp_replies import Reply
from engage.channels.smtp_wire import LONGEST_REPLY, Wire, goodbye

SAID = b"250-first\r\n250 second\r\n354 go on\n250\r\n550 5.1.1 no \xff such user\r\n"
MEANT = [(250, "first\nsecond"), (354, "go on"), (250, ""), (550, "5.1.1 no \udcff such user")]


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """It is known."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """All is taken at once."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written += data

    def is_closing(self) -> bool:
        """As an aborted one."""
        return self.is_aborted

    def abort(self) -> None:
        """The end."""
        self.is_aborted = True


class _Heard:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.ends: list[OSError] = []
        self.has_ended = asyncio.Event()

    def heard(self, replies: Sequence[Reply]) -> None:
        """Replies."""
        self.replies += replies

    def ended(self, why: OSError) -> None:
        """The end."""
        self.ends.append(why)
        self.has_ended.set()

    def taken(self) -> None:
        """Nothing waits to be taken."""


def _say(wire: Wire, data: bytes) -> None:
    """As a transport hands it over: as much as there is room for at a time."""
    while data:
        room = wire.get_buffer(-1)
        part, data = data[:len(room)], data[len(room):]
        room[:len(part)] = part
        wire.buffer_updated(len(part))


def _listened(work: Callable[[Wire], None], *, wait: bool = False) -> _Heard:
    async def run() -> _Heard:
        heard, wire = _Heard(), Wire(_Transport())
        wire.listen(heard)
        work(wire)
        if wait:
            await heard.has_ended.wait()
        return heard

    return asyncio.run(run())


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(SAID)])
def test_replies_are_the_same_however_they_are_cut_up_on_their_way(size: int) -> None:
    def work(wire: Wire) -> None:
        for at in range(0, len(SAID), size):
            _say(wire, SAID[at:at + size])

    heard = _listened(work)
    assert [(reply.code, reply.text) for reply in heard.replies] == MEANT
    assert not heard.ends


@pytest.mark.parametrize("said", [b"what?\r\n", b"150 too soon\r\n", b"250-a\r\nb\r\n", b"25\r\n"])
def test_what_is_no_reply_ends_the_connection_after_the_replies_before_it(said: bytes) -> None:
    heard = _listened(lambda wire: _say(wire, b"250 fine\r\n" + said + b"250 never\r\n"))
    assert [reply.text for reply in heard.replies] == ["fine"]
    assert len(heard.ends) == 1


@pytest.mark.parametrize("line", [b"250-more\r\n", b"x"])
def test_a_reply_without_end_fills_no_memory(line: bytes) -> None:
    heard = _listened(lambda wire: _say(wire, line * (2 * LONGEST_REPLY)))
    assert not heard.replies
    assert len(heard.ends) == 1


def test_silence_ends_the_connection_once_its_time_is_over_and_not_that_of_an_earlier_wait() -> None:
    def work(wire: Wire) -> None:
        wire.expect(1000.0)
        wire.expect(0.0)

    heard = _listened(work, wait=True)
    assert [type(end) for end in heard.ends] == [TimeoutError]


def test_a_wait_that_is_over_ends_nothing() -> None:
    async def run() -> list[OSError]:
        heard, wire = _Heard(), Wire(_Transport())
        wire.listen(heard)
        wire.expect(0.0)
        wire.expect(None)
        for _ in range(5):
            await asyncio.sleep(0)
        return heard.ends

    assert asyncio.run(run()) == []


def test_nobody_is_told_of_anything_after_the_connection_was_let_go() -> None:
    def work(wire: Wire) -> None:
        wire.abort()
        _say(wire, b"250 fine\r\n")
        wire.connection_lost(None)

    heard = _listened(work)
    assert (heard.replies, heard.ends) == ([], [])


def test_goodbye_waits_for_the_servers_word_or_the_end() -> None:
    async def run(answer: Callable[[Wire], None]) -> _Transport:
        transport = _Transport()
        wire = Wire(transport)
        asyncio.get_running_loop().call_soon(answer, wire)
        await goodbye(wire)
        return transport

    for answer in (lambda wire: _say(wire, b"221 bye\r\n"), lambda wire: wire.connection_lost(None)):
        transport = asyncio.run(run(answer))
        assert (transport.written, transport.is_aborted) == (b"QUIT\r\n", True)
