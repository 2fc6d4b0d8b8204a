"""A proxy before a unix socket that swallows a reply: what was asked is done, and whoever asked never hears of it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from tests.servers.loop import ServerThread

CHUNK = 65536


class Proxy(ServerThread):
    """Listens on `front`, and passes everything to and from `back`, but for the replies that are swallowed."""

    def __init__(self, front: Path, back: Path) -> None:
        super().__init__()
        self.swallowed = 0
        self._front = front
        self._back = back
        self._wanted: list[bytes] = []

    def swallow(self, after: bytes) -> None:
        """Lose the reply to the next request that has these bytes in it, and the connection with it."""
        self._wanted.append(after)

    async def _start(self) -> None:
        self._front.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._front)
        self._front.chmod(0o777)

    async def _stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_unix_connection(self._back)
        except OSError:  # the server is away
            writer.close()
            return
        mute = asyncio.Event()
        ways = [
            asyncio.ensure_future(self._ask(reader, back_writer, mute)),
            asyncio.ensure_future(self._answer(back_reader, writer, mute)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for each in (writer, back_writer):
                with contextlib.suppress(OSError):
                    each.close()

    async def _ask(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, mute: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                meant = next((wanted for wanted in self._wanted if wanted in data), None)
                if meant is not None:
                    self._wanted.remove(meant)
                    mute.set()
                back.write(data)
                await back.drain()

    async def _answer(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter, mute: asyncio.Event) -> None:
        with contextlib.suppress(OSError):
            while data := await back.read(CHUNK):
                if mute.is_set():
                    self.swallowed += 1
                    return
                writer.write(data)
                await writer.drain()
