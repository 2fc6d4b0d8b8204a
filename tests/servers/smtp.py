"""A real SMTP server on an ephemeral port of the loopback, whose answers can be scripted for each phase.

    with SmtpServer() as server:
        server.answer("rcpt", "550 5.1.1 no such user")     # always
        server.answer("dot", DROP, times=1)                  # once, then as before
        ... server.url, server.messages

Phases: greeting, ehlo, starttls, auth, mail, rcpt, data, content (its first bytes), dot (after the whole content), rset, quit.
A message whose dot was read counts as received whether or not the sender hears of it, unless the answer is a refusal.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Literal

import trustme

from tests.servers.loop import ServerThread

DROP: Final = "<drop>"
SILENCE: Final = "<silence>"


class _Dropped(Exception):
    """The script says that the connection ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it came in; `content` without the stuffed dots."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)
    options: tuple[str, ...] = ()
    over_tls: bool = False
    user: str | None = None

    @property
    def parsed(self) -> EmailMessage:
        """The message as the standard library reads it."""
        return message_from_bytes(self.content, policy=policy.SMTPUTF8)


@dataclass(slots=True, kw_only=True)
class _Session:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    over_tls: bool = False
    user: str | None = None
    sender: str | None = None
    options: tuple[str, ...] = ()
    recipients: list[str] = field(default_factory=list)

    def forget_envelope(self) -> None:
        self.sender, self.options, self.recipients = None, (), []


class SmtpServer(ServerThread):
    """`tls` is none, STARTTLS or from the start; `users` (name: password) asks for a login; `extensions` are EHLO's words."""

    def __init__(
        self, *, tls: Literal["none", "starttls", "implicit"] = "none", users: Mapping[str, str] | None = None,
        extensions: tuple[str, ...] = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"),
    ) -> None:
        super().__init__()
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.open_connections = 0
        self.port = 0
        self._tls = tls
        self._users = dict(users or {})
        self._extensions = extensions
        self._always: dict[str, str] = {}
        self._next: dict[str, deque[str]] = {}
        self._of_domains: dict[str, str] = {}
        self._authority = trustme.CA() if tls != "none" else None
        self._folder = tempfile.TemporaryDirectory()

    def answer(self, phase: str, reply: str, *, times: int | None = None) -> None:
        """Answer so at that phase, always or so many times. `reply` is a line, DROP or SILENCE."""
        if times is None:
            self._always[phase] = reply
        else:
            self._next.setdefault(phase, deque()).extend([reply] * times)

    def answer_for(self, domain: str, reply: str | None) -> None:
        """Answer so at RCPT to everybody of that domain; None: as to everybody else."""
        self._of_domains.pop(domain, None)
        if reply is not None:
            self._of_domains[domain] = reply

    @property
    def url(self) -> str:
        """For the option `url`, with a login where one is asked for."""
        login = next((f"{name}:{password}@" for name, password in self._users.items()), "")
        query = "?starttls=required" if self._tls == "starttls" else ""
        return f"{'smtps' if self._tls == 'implicit' else 'smtp'}://{login}127.0.0.1:{self.port}{query}"

    @property
    def ca_file(self) -> str:
        """The certificate of the authority that signed this server's."""
        assert self._authority is not None, "a server without TLS"
        path = Path(self._folder.name) / "ca.pem"
        path.write_bytes(self._authority.cert_pem.bytes())
        return str(path)

    async def refuse(self) -> None:
        """Stop listening: the next connection is refused."""
        self._server.close()

    async def _start(self) -> None:
        self._context = self._server_context()
        implicit = self._context if self._tls == "implicit" else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=implicit, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        self._folder.cleanup()

    def _server_context(self) -> ssl.SSLContext | None:
        if self._authority is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        session = _Session(reader=reader, writer=writer, over_tls=self._tls == "implicit")
        try:
            with contextlib.suppress(_Dropped, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._converse(session)
        finally:
            self.open_connections -= 1
            session.writer.close()

    async def _converse(self, session: _Session) -> None:
        await self._reply(session, "greeting", "220 test.invalid ESMTP")
        while line := await session.reader.readline():
            command = line.decode().rstrip("\r\n")
            self.commands.append(command)
            verb, _, rest = command.partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await self._reply(session, "ehlo", self._hello(session))
                case "STARTTLS":
                    await self._start_tls(session)
                case "AUTH":
                    await self._login(session, rest)
                case "MAIL":
                    await self._mail(session, rest)
                case "RCPT":
                    await self._rcpt(session, rest)
                case "DATA":
                    await self._data(session)
                case "RSET":
                    session.forget_envelope()
                    await self._reply(session, "rset", "250 2.0.0 reset")
                case "QUIT":
                    await self._reply(session, "quit", "221 2.0.0 bye")
                    return
                case _:
                    await self._reply(session, verb.lower(), "250 2.0.0 fine")

    def _hello(self, session: _Session) -> str:
        words = ["test.invalid", *self._extensions]
        if self._tls == "starttls" and not session.over_tls:
            words.append("STARTTLS")
        if self._users:
            words.append("AUTH PLAIN LOGIN")
        return "\r\n".join([*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}"])

    async def _start_tls(self, session: _Session) -> None:
        if self._context is None:
            await self._reply(session, "starttls", "502 5.5.1 no TLS here")
        elif (await self._reply(session, "starttls", "220 2.0.0 go ahead")).startswith("220"):
            await session.writer.start_tls(self._context)
            session.over_tls = True

    async def _login(self, session: _Session, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            _, name, password = base64.b64decode(initial).decode().split("\0")
        else:
            name = base64.b64decode(initial).decode()
            await self._write(session, "334 UGFzc3dvcmQ6")
            password = base64.b64decode(await session.reader.readline()).decode()
        good = self._users.get(name) == password
        if (await self._reply(session, "auth", "235 2.7.0 welcome" if good else "535 5.7.8 no")).startswith("235"):
            session.user = name

    async def _mail(self, session: _Session, rest: str) -> None:
        path, *options = rest.split(" ")
        needs_login = bool(self._users) and session.user is None
        reply = await self._reply(session, "mail", "530 5.7.0 log in first" if needs_login else "250 2.1.0 fine")
        if reply.startswith("250"):
            session.sender, session.options = path.partition(":")[2].strip("<>"), tuple(options)

    async def _rcpt(self, session: _Session, rest: str) -> None:
        address = rest.split(" ")[0].partition(":")[2].strip("<>")
        wrong = "503 5.5.1 MAIL first" if session.sender is None else self._of_domains.get(address.rpartition("@")[2])
        if (await self._reply(session, "rcpt", wrong or "250 2.1.5 fine")).startswith("250"):
            session.recipients.append(address)

    async def _data(self, session: _Session) -> None:
        wrong = None if session.recipients else "503 5.5.1 RCPT first"
        if not (await self._reply(session, "data", wrong or "354 go on")).startswith("354"):
            return
        if self._scripted("content"):
            await session.reader.read(1000)
            await self._reply(session, "content", "451 4.3.0 enough")
        lines = []
        while (line := await session.reader.readline()) != b".\r\n":
            if not line:
                raise _Dropped
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        accepted = f"250 2.0.0 Ok: queued as M{len(self.messages) + 1}"
        if not (self._scripted("dot") or accepted).startswith(("4", "5")):
            self.messages.append(Received(
                sender=session.sender or "", recipients=tuple(session.recipients), content=b"".join(lines), options=session.options,
                over_tls=session.over_tls, user=session.user,
            ))
        session.forget_envelope()
        await self._reply(session, "dot", accepted)

    def _scripted(self, phase: str) -> str | None:
        waiting = self._next.get(phase)
        return waiting[0] if waiting else self._always.get(phase)

    async def _reply(self, session: _Session, phase: str, usual: str) -> str:
        reply = self._scripted(phase) or usual
        if self._next.get(phase):
            self._next[phase].popleft()
        if reply == DROP:
            raise _Dropped
        if reply == SILENCE:
            while await session.reader.read(65536):
                pass
            raise _Dropped
        await self._write(session, reply)
        if reply.startswith("421"):
            raise _Dropped
        return reply

    async def _write(self, session: _Session, text: str) -> None:
        session.writer.write(f"{text}\r\n".encode())
        await session.writer.drain()
