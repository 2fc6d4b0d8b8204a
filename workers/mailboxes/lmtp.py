"""Mail by LMTP (RFC 2033): what a mail server hands over to us for addresses of ours, each answered once it is committed."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from engage.feedback.mime import LONGEST
from engage.model.errors import NotThereError
from engage.model.places import places_of
from workers.loop import LoopThread

TakeFor = Callable[[bytes, Sequence[str]], object]
"""Takes one mail for these recipients, committed when it returns."""

log = structlog.get_logger(__name__)


@final
class LmtpPart:
    """The server, on a port or a socket that is bound before the process says that it runs."""

    def __init__(self, take: TakeFor, *, host: str, port: int, path: Path | None = None) -> None:
        self._take = take
        self._path = path
        self._socket = _unix(path) if path is not None else _bound(host, port)
        self._loop = LoopThread()
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        if self._path is not None:
            return str(self._path)
        host, port = self._socket.getsockname()[:2]
        return f"{host}:{port}"

    def start(self) -> None:
        """Begin to take mail."""
        self._server = self._loop.run(self._listen())

    def stop(self) -> None:
        """Take no more. Safe to repeat."""
        if self._server is not None:
            self._loop.run(self._end(self._server))
            self._server = None
        self._loop.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _listen(self) -> asyncio.Server:
        made = functools.partial(LMTP, self, data_size_limit=4 * LONGEST, enable_SMTPUTF8=True, ident="Engage", hostname="engage")
        loop = asyncio.get_running_loop()
        if self._path is not None:
            return await loop.create_unix_server(made, sock=self._socket)
        return await loop.create_server(made, sock=self._socket)

    @staticmethod
    async def _end(server: asyncio.Server) -> None:
        server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # the name is aiosmtpd's
        """Take it; an answer for each recipient. What cannot be committed now is to be sent again."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            await asyncio.to_thread(self._take, content, list(envelope.rcpt_tos))
        except Exception as error:  # noqa: BLE001  # a database away for a minute: the mail server keeps the mail and comes again
            log.error("mail.failed", mailbox="lmtp", error=type(error).__name__, at=places_of(error))
            return "\r\n".join(["451 4.3.0 it could not be written down; try again"] * len(envelope.rcpt_tos))
        return "\r\n".join(["250 2.0.0 taken"] * len(envelope.rcpt_tos))


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise NotThereError(f"port {port} of {host} cannot be had: {error.strerror}; choose another with --port") from error


def _unix(path: Path) -> socket.socket:
    """A socket for the mail server's group; one that somebody left behind is replaced."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(os.fspath(path))
    except OSError as error:
        raise NotThereError(f"the socket {path} cannot be had: {error.strerror}") from error
    path.chmod(0o660)
    return listening
