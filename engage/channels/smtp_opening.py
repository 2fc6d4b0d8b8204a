"""Opening an SMTP connection: aiosmtplib connects, secures, greets and logs in, and leaves a wire on which mail can go."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal, final

import aiosmtplib
import structlog

from engage.channels.smtp_replies import Phase, Reply, refusal
from engage.channels.smtp_wire import Wire
from engage.model.errors import SendError, Unavailable
from engage.model.places import places_of

log = structlog.get_logger()

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
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An open wire, and the extensions that the server offers on it, in small letters (RFC 5321, section 2.2); PIPELINING apart too."""

    wire: Wire
    extensions: frozenset[str]
    pipelines: bool


async def connect(server: Server) -> Connection:
    """Connect, secure, greet and log in. Raises Unavailable."""
    phase = Phase.CONNECT
    try:
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, timeout=server.timeout, use_tls=server.tls, local_hostname=server.helo,
            start_tls=False if server.tls else _START_TLS[server.starttls], tls_context=_tls(server),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await _greet(client)
            phase = Phase.LOGIN
            if server.username is not None:
                await client.login(server.username, server.password or "")
        except BaseException:
            client.close()
            raise
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _not_opened(error, phase, server) from error
    except SendError:
        raise
    except Exception as error:  # a mistake, ours or the library's; nothing was handed over
        log.error("smtp.stumbled", during="connect", error=type(error).__name__, at=places_of(error))
        raise Unavailable(type(error).__name__, code="connect") from error
    if not isinstance(client.transport, asyncio.Transport):
        raise Unavailable("the connection closed at once", whole_provider=True)
    offered = frozenset(map(str.lower, client.esmtp_extensions))
    return Connection(wire=Wire(client.transport), extensions=offered, pipelines="pipelining" in offered)


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
