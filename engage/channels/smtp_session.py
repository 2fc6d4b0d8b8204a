"""One kept connection to an SMTP server: opened, secured and logged in by aiosmtplib, one transaction at a time.

The library raises the same error for a connection lost before and after the dot that ends the content, so the commands of a
transaction are given one by one and the phase is known: before the dot a fault is Unavailable, after it Unconfirmed.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal, final

import aiosmtplib

from engage.channels.mime import Mail
from engage.channels.smtp_replies import Phase, Reply, refusal
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed

_LINE_OF_DOT = re.compile(rb"^\.", re.MULTILINE)
_BROKEN = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)
_GOODBYE = 5.0  # seconds: RSET and QUIT are courtesies
_START_TLS = {"required": True, "opportunistic": None, "never": False}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed over, and how. Times are in seconds; `final_timeout` is that of the reply to the whole content."""

    host: str
    port: int
    tls: bool
    starttls: Literal["required", "opportunistic", "never"]
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    helo: str | None = None
    ca_file: str | None = None
    timeout: float = 60.0
    final_timeout: float = 600.0


def is_loopback(host: str) -> bool:
    """Whether the name or address is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@final
class SmtpSession:
    """A connection and its present phase. Not for two tasks at once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.phase = Phase.CONNECT

    @property
    def is_open(self) -> bool:
        """Whether another transaction may begin on it."""
        return self._client is not None and self._client.is_connected

    async def open(self) -> None:
        """Connect, secure, greet and log in. Raises Unavailable."""
        server, self.phase = self._server, Phase.CONNECT
        try:
            client = self._client = aiosmtplib.SMTP(
                hostname=server.host, port=server.port, timeout=server.timeout, use_tls=server.tls, local_hostname=server.helo,
                start_tls=False if server.tls else _START_TLS[server.starttls], tls_context=_tls(server),
            )
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
            self.phase = Phase.LOGIN
            if server.username is not None:
                await client.login(server.username, server.password or "")
        except (aiosmtplib.SMTPException, OSError) as error:
            phase = self.phase
            self.abort()
            raise _not_opened(error, phase, server) from error
        except BaseException:
            self.abort()
            raise
        transport = client.transport
        if not isinstance(transport, asyncio.WriteTransport) or client.protocol is None:
            raise Unavailable("the connection closed at once", whole_provider=True)
        transport.set_write_buffer_limits(high=1)  # drain() waits until nothing is left here; at 0 asyncio's TLS would wait for ever
        self._writer = asyncio.StreamWriter(transport, client.protocol, None, asyncio.get_running_loop())

    async def deliver(self, mail: Mail) -> str:
        """One transaction; the text of the server's yes. Raises Rejected, Unavailable or Unconfirmed; the connection stays where it can."""
        try:
            return await self._transaction(mail)
        except SendError:
            if self.is_open:
                await self._reset()
            raise
        except BaseException:  # cancelled in the midst: what the server says next would be taken for the answer to another mail
            self.abort()
            raise

    async def _transaction(self, mail: Mail) -> str:
        options = [b"SIZE=%d" % len(mail.content)] if self._has("size") else []
        if mail.utf8:
            if not self._has("smtputf8"):
                raise Rejected("the server has no SMTPUTF8, which this address needs", code="smtputf8")
            options += [b"SMTPUTF8", b"BODY=8BITMIME"] if self._has("8bitmime") else [b"SMTPUTF8"]
        await self._command(Phase.MAIL, mail, b"MAIL", b"FROM:<%s>" % mail.sender.encode(), *options)
        await self._command(Phase.RCPT, mail, b"RCPT", b"TO:<%s>" % mail.recipient.encode())
        await self._command(Phase.DATA, mail, b"DATA", hoped=3)
        reply = await self._content(mail.content)
        if 200 <= reply.code < 300:
            return reply.text
        if 400 <= reply.code < 600:
            raise refusal(reply, Phase.FINAL, mail.recipient, mail.sender)
        raise self._broken(Unconfirmed("the final reply makes no sense", code=str(reply.code)))

    async def _command(self, phase: Phase, mail: Mail, *words: bytes, hoped: int = 2) -> None:
        self.phase = phase
        try:
            if self._client is None:
                raise aiosmtplib.SMTPServerDisconnected("not connected")
            code, text = await self._client.execute_command(*words)
        except _BROKEN as error:
            raise self._broken(Unavailable(f"the connection broke at {phase}", code=type(error).__name__)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._broken(Unavailable(f"{phase}: the reply makes no sense")) from error
        if code // 100 == hoped:
            return
        if not 400 <= code < 600:
            raise self._broken(Unavailable(f"{phase}: the reply makes no sense", code=str(code)))
        raise refusal(Reply(code=code, text=text), phase, mail.recipient, mail.sender)

    async def _content(self, content: bytes) -> Reply:
        """The content, then the dot that ends it: two writes, as what breaks in the first is surely not delivered."""
        protocol = self._client.protocol if self._client else None
        self.phase = Phase.CONTENT
        try:
            if protocol is None or self._writer is None:
                raise aiosmtplib.SMTPServerDisconnected("not connected")
            protocol.write(_LINE_OF_DOT.sub(b"..", content))
            await asyncio.wait_for(self._writer.drain(), self._server.timeout)
            protocol.write(b".\r\n")
        except (*_BROKEN, TimeoutError) as error:
            raise self._broken(Unavailable("the connection broke within the content", code=type(error).__name__)) from error
        self.phase = Phase.FINAL
        try:
            code, text = await protocol.read_response(timeout=self._server.final_timeout)
        except (*_BROKEN, aiosmtplib.SMTPResponseException) as error:
            raise self._broken(Unconfirmed("no reply after the content", code=type(error).__name__)) from error
        return Reply(code=code, text=text)

    async def _reset(self) -> None:
        """RSET, so that the connection can be used for the next mail; else it is let go."""
        try:
            if self._client is not None and (await self._client.execute_command(b"RSET", timeout=_GOODBYE)).code // 100 != 2:
                self.abort()
        except (*_BROKEN, aiosmtplib.SMTPResponseException):
            self.abort()

    async def close(self) -> None:
        """QUIT where the server still listens, then let the socket go."""
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.quit(timeout=_GOODBYE)
        except (*_BROKEN, aiosmtplib.SMTPResponseException):
            pass  # it is over either way
        finally:
            self.abort()

    def abort(self) -> None:
        """Let the socket go without a word."""
        writer, client, self._writer, self._client = self._writer, self._client, None, None
        if writer is not None and isinstance(writer.transport, asyncio.WriteTransport):
            writer.transport.abort()
        if client is not None:
            client.close()

    def _broken(self, error: SendError) -> SendError:
        self.abort()
        return error

    def _has(self, extension: str) -> bool:
        return self._client is not None and self._client.supports_extension(extension)


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()  # a server older than 1995, or made so by a firewall


@lru_cache(maxsize=16)
def _tls(server: Server) -> ssl.SSLContext:
    """Kept, as reading the certificates takes 10 ms. Raises Unavailable where `ca_file` is none."""
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:  # ssl.SSLError, of a file without certificates, among them
        raise Unavailable("the file of `ca_file` cannot be used", code="ca_file", configuration=True) from error
    if not server.tls and server.starttls == "opportunistic":
        context.check_hostname = False  # RFC 7435: some protection, where the alternative is plain text
        context.verify_mode = ssl.CERT_NONE
    return context


def _not_opened(error: Exception, phase: Phase, server: Server) -> SendError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unavailable(f"the server's certificate is not trusted: {cause.verify_message}", code="certificate", configuration=True)
        cause = cause.__cause__
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return refusal(Reply(code=error.code, text=error.message), Phase.LOGIN, server.username or "")
        case aiosmtplib.SMTPResponseException() if 400 <= error.code < 600:
            return refusal(Reply(code=error.code, text=error.message), phase)
        case aiosmtplib.SMTPTimeoutError():
            return Unavailable(f"no answer while {phase}", code=type(error).__name__, whole_provider=True)
        case aiosmtplib.SMTPException() if not isinstance(error, OSError | aiosmtplib.SMTPResponseException):
            return Unavailable(f"the server cannot do what is asked of it: {error.message}", code="unsupported", configuration=True)
        case _:
            return Unavailable(f"no connection ({phase})", code=type(error).__name__, whole_provider=True)
