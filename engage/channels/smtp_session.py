"""One kept connection to an SMTP server: opened, secured and logged in by aiosmtplib; the transactions are ours.

The library waits for every reply and raises the same error for a connection lost before and after the dot that ends the content.
Here the phase is known: before the dot a fault is Unavailable, after it Unconfirmed. And where the server offers it (RFC 2920) a mail's
envelope goes in one write, together with the dot of the mail before it: one round trip a mail instead of four.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from engage.channels.adapter import unheard
from engage.channels.mime import Mail
from engage.channels.smtp_opening import Connection, Server, connect
from engage.channels.smtp_replies import Phase, Reply, refusal
from engage.channels.smtp_wire import Wire
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed

_GOODBYE = 5.0  # seconds: RSET and QUIT are courtesies
_ONE_WRITE = 16_384  # octets: a content that the system takes at once, as a rule, goes together with its dot
_ENVELOPE = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_CLOSING = 421  # "service not available, closing transmission channel"

Following = Callable[[], Mail | None]
"""Takes the mail that is next in line, if there is one, as it may begin now."""


def nothing() -> Mail | None:
    """No mail is next in line."""
    return None


def _is_yes(reply: Reply, phase: Phase) -> bool:
    return reply.code // 100 == (3 if phase is Phase.DATA else 2)


@final
class SmtpSession:
    """A connection and its present phase. Not for two tasks at once."""

    def __init__(self, server: Server, *, handed_over: Callable[[], None] = unheard) -> None:
        self._server = server
        self._handed_over = handed_over
        self._connection: Connection | None = None
        self._begun: Mail | None = None
        self._unagreed: Reply | None = None
        self.phase = Phase.CONNECT

    @property
    def is_open(self) -> bool:
        """Whether another transaction may begin on it, or has begun."""
        return self._connection is not None and (self._begun is not None or self._connection.wire.is_usable)

    @property
    def _wire(self) -> Wire:
        """Raises OSError where the connection was let go."""
        if self._connection is None:
            raise ConnectionResetError("not connected")
        return self._connection.wire

    async def open(self) -> None:
        """Connect, secure, greet and log in. Raises Unavailable."""
        self._connection = await connect(self._server)

    async def deliver(self, mail: Mail, following: Following = nothing) -> str:
        """One transaction; the text of the server's yes. Raises Rejected, Unavailable or Unconfirmed; the connection stays where it can.

        Where the server pipelines, `following` is asked for the next mail, which begins while this one's last reply is awaited: it
        must be the next one that is delivered here.
        """
        try:
            await self._begin(mail)
            reply = await self._content(mail.content, following)
        except SendError:
            raise
        except BaseException:  # cancelled in the midst: what the server says next would be taken for the answer to another mail
            self.abort()
            raise
        if 200 <= reply.code < 300:
            return reply.text
        if 400 <= reply.code < 600:
            raise self._refused(reply, Phase.FINAL, mail)
        raise self._broken(Unconfirmed("the final reply makes no sense", code=str(reply.code)))

    async def _begin(self, mail: Mail) -> None:
        """Sender, recipient and the announcement of the content; all three are accepted once this returns."""
        begun, self._begun = self._begun is mail, None
        if not self._has("pipelining"):
            for command, phase in zip(self._envelope(mail), _ENVELOPE, strict=True):
                self._write(phase, command)
                if (refused := await self._accepted(phase, mail)) is not None:
                    await self._reset()
                    raise refused
            return
        if not begun:
            self._write(Phase.MAIL, b"".join(self._envelope(mail)))
        answers = [None if self._agreed(phase) else await self._accepted(phase, mail) for phase in _ENVELOPE]
        refused = next((answer for answer in answers if answer is not None), None)
        if refused is not None:
            await self._withdraw(answers[-1] is None)
            raise refused

    def _envelope(self, mail: Mail) -> tuple[bytes, bytes, bytes]:
        """The three commands. Raises Rejected where this server cannot take them."""
        options = [b" SIZE=%d" % len(mail.content)] if self._has("size") else []
        if mail.utf8:
            if not self._has("smtputf8"):
                raise Rejected("the server has no SMTPUTF8, which this address needs", code="smtputf8")
            options += [b" SMTPUTF8", b" BODY=8BITMIME"] if self._has("8bitmime") else [b" SMTPUTF8"]
        sender, recipient = mail.sender.encode(), mail.recipient.encode()
        if not (mail.sender + mail.recipient).isprintable():
            raise Rejected("a control character in an address", code="malformed")
        return b"MAIL FROM:<%s>%s\r\n" % (sender, b"".join(options)), b"RCPT TO:<%s>\r\n" % recipient, b"DATA\r\n"

    def _agreed(self, phase: Phase) -> bool:
        """Whether the reply is here already, and yes; another one is kept for `_accepted`."""
        reply = self._connection.wire.heard() if self._connection is not None else None
        if reply is not None and _is_yes(reply, phase):
            return True
        self._unagreed = reply
        return False

    async def _accepted(self, phase: Phase, mail: Mail) -> SendError | None:
        """Read a command's reply: None for yes, else why not. Raises Unavailable where the connection is over."""
        self.phase = phase
        reply, self._unagreed = self._unagreed, None
        if reply is None:
            try:
                reply = await self._wire.reply(self._server.timeout)
            except OSError as error:
                raise self._broken(Unavailable(f"the connection broke at {phase}", code=type(error).__name__)) from error
        if _is_yes(reply, phase):
            return None
        if not 400 <= reply.code < 600:
            raise self._broken(Unavailable(f"{phase}: the reply makes no sense", code=str(reply.code)))
        refused = self._refused(reply, phase, mail)
        if reply.code == _CLOSING:
            raise refused
        return refused

    def _refused(self, reply: Reply, phase: Phase, mail: Mail) -> SendError:
        if reply.code == _CLOSING:
            self.abort()
        return refusal(reply, phase, mail.recipient, mail.sender)

    async def _withdraw(self, awaits_content: bool) -> None:
        """End a transaction that was refused in part: by the dot alone where the server awaits a content all the same (RFC 2920)."""
        try:
            if awaits_content:
                self._wire.write(b".\r\n")
                await self._wire.reply(_GOODBYE)
            await self._reset()
        except OSError:
            self.abort()

    def _write(self, phase: Phase, data: bytes) -> None:
        self.phase = phase
        try:
            self._wire.write(data)
        except OSError as error:
            raise self._broken(Unavailable(f"the connection broke at {phase}", code=type(error).__name__)) from error

    async def _content(self, content: bytes, following: Following) -> Reply:
        """The content and the dot that ends it, and behind it the next mail's envelope.

        A fault before the dot means that the mail is surely not delivered, so what the system may not take at once goes without it.
        """
        stuffed = content.replace(b"\r\n.", b"\r\n..")  # it begins with a header
        if len(stuffed) > _ONE_WRITE:
            self._write(Phase.CONTENT, stuffed)
            await self._taken()
            stuffed = b""
        self._write(Phase.CONTENT, stuffed + b".\r\n" + self._begin_next(following))
        self.phase = Phase.FINAL
        self._handed_over()
        try:
            return await self._wire.reply(self._server.final_timeout)
        except OSError as error:
            raise self._broken(Unconfirmed("no reply after the content", code=type(error).__name__)) from error

    async def _taken(self) -> None:
        try:
            await self._wire.drain(self._server.timeout)
        except OSError as error:
            raise self._broken(Unavailable("the connection broke within the content", code=type(error).__name__)) from error

    def _begin_next(self, following: Following) -> bytes:
        """The envelope of the mail that is next in line, which then has begun; nothing where there is none, or the server waits."""
        mail = following() if self._has("pipelining") else None
        if mail is None:
            return b""
        try:
            envelope = b"".join(self._envelope(mail))
        except Rejected:  # it will hear of it when its turn comes
            return b""
        self._begun = mail
        return envelope

    async def _reset(self) -> None:
        """RSET, so that the connection can be used for the next mail; else it is let go."""
        try:
            self._wire.write(b"RSET\r\n")
            if (await self._wire.reply(_GOODBYE)).code // 100 != 2:
                self.abort()
        except OSError:
            self.abort()

    async def close(self) -> None:
        """QUIT where the server still listens, then let the socket go."""
        try:
            if self.is_open:
                self._wire.write(b"QUIT\r\n")
                await self._wire.reply(_GOODBYE)
        except OSError:
            pass  # it is over either way
        finally:
            self.abort()

    def abort(self) -> None:
        """Let the socket go without a word."""
        connection, self._connection, self._begun = self._connection, None, None
        if connection is not None:
            connection.wire.abort()

    def _broken(self, error: SendError) -> SendError:
        self.abort()
        return error

    def _has(self, extension: str) -> bool:
        return self._connection is not None and extension in self._connection.extensions


