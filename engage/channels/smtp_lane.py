"""One lane to an SMTP server: mail after mail over a connection that aiosmtplib opened, secured and logged in; the transactions are ours.

The library waits for every reply and raises the same error for a connection lost before and after the dot that ends the content.
Here the phase is known: before the dot a fault is Unavailable, after it Unconfirmed. And where the server offers it (RFC 2920) a mail's
envelope goes in one write, together with the dot of the mail before it: one round trip a mail instead of four.

A lane is driven by what the server says: each step writes what comes next and names the step that is for the reply, so that a mail needs
no task and no future of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import final

import structlog

from engage.channels.adapter import unheard
from engage.channels.smtp_envelope import envelope
from engage.channels.smtp_line import Line, Turn
from engage.channels.smtp_opening import Connection, Server, connect
from engage.channels.smtp_place import Place
from engage.channels.smtp_replies import Phase, Reply, refusal, unanswered
from engage.channels.smtp_wire import goodbye
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from engage.model.places import places_of

log = structlog.get_logger()

_COURTESY = 5.0  # seconds that a server has to end what it refused
_ONE_WRITE = 16_384  # octets: a content that the system takes at once, as a rule, goes together with its dot
_CLOSING = 421  # "service not available, closing transmission channel"
_YES = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}
_AFTER = {Phase.MAIL: Phase.RCPT, Phase.RCPT: Phase.DATA}


@final
class Lane:
    """Works on a line until nobody stands in it, then `rests` is told; another connection is opened where one ends.

    `_turn` is whose transaction is under way, `_on` the step for the next reply, which is waited for `_within` so many seconds.
    """

    def __init__(self, server: Server, line: Line, *, rests: Callable[[Lane], None], handed_over: Callable[[], None] = unheard) -> None:
        self._server = server
        self.place = Place(line)
        self._rests = rests
        self._handed_over = handed_over
        self._connection: Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._turn: Turn | None = None
        self._is_fresh = self._is_spoken_to = False
        self._refused: SendError | None = None
        self._commands: list[bytes] = []
        self._early: list[Reply] = []
        self._phase = Phase.CONNECT
        self._on: Callable[[Reply], None] = self._unasked
        self._within: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether another transaction may begin on its connection."""
        return self._connection is not None and self._connection.wire.is_usable

    def go(self) -> None:
        """Take whoever is next in line, one after the other. Only while it rests."""
        while (turn := self._next()) is not None:
            self._turn, self._is_fresh = turn, False
            if self._is_under_way():
                return
        self._turn, self._on, self._within = None, self._unasked, None
        if self._connection is not None:
            self._connection.wire.expect(None)
        self._rests(self)

    async def close(self) -> None:
        """Say goodbye. Only while it rests."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await goodbye(connection.wire)

    def stop(self) -> None:
        """Let go of everything at once: nobody waits for the server any more."""
        if self._opening is not None:
            self._opening.cancel()
        else:
            self._let_go()
            self._tell(unanswered(self._phase, "CancelledError"))

    def _next(self) -> Turn | None:
        self.place.look_at_the_clock()
        if self.place.is_in_vain:
            self._let_go()
        return self.place.next()

    def _is_under_way(self) -> bool:
        """Begin the turn's transaction; False where it is answered already."""
        if self.place.has_begun:
            self.place.has_begun = False
            self._await(Phase.MAIL, self._on_envelope, self._server.timeout)
            return True
        if self._is_spoken_to or not self.is_open:  # a reply that nobody asked for would be taken for the answer to this mail
            self._open()
            return True
        return self._begin()

    def _open(self) -> None:
        self._let_go()
        self._opening = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            self._connection = await connect(self._server)
        except SendError as error:
            self._tell(error)
        except asyncio.CancelledError:
            self._tell(Unavailable("the connection was not waited for", code="CancelledError"))
            self._rests(self)
            raise
        finally:
            self._opening = None
        if self._connection is not None:
            self._connection.wire.listen(self)
            self._is_fresh = True  # but the server may have kept us waiting for a minute
            if self._turn is not None and not self._turn[0].came_late(self._turn[1]) and self._begin():
                return
        self.go()

    def _begin(self) -> bool:
        """Announce the mail on an open connection; False where this server cannot take it."""
        assert self._turn is not None  # noqa: S101  # it was just set
        assert self._connection is not None  # noqa: S101  # it is open
        try:
            commands = envelope(self._turn[1], self._connection.extensions)
        except Rejected as error:
            self._tell(error)
            return False
        if self._connection.pipelines:
            self._connection.wire.write(b"".join(commands))
        else:
            first, *self._commands = commands
            self._connection.wire.write(first)
        self._await(Phase.MAIL, self._on_envelope, self._server.timeout)
        self._connection.wire.expect(self._within)
        return True

    def heard(self, replies: Sequence[Reply]) -> None:
        """Take one step for each."""
        try:
            self._step(replies)
        except Exception as error:  # noqa: BLE001  # a mistake of ours with one mail stops no other
            log.error("smtp.stumbled", during="send", error=type(error).__name__, at=places_of(error))
            self._let_go()
            self._tell_and_go(unanswered(self._phase, type(error).__name__))

    def _step(self, replies: Sequence[Reply]) -> None:
        connection, left = self._connection, len(replies)
        for reply in replies:
            left -= 1
            self._is_spoken_to = left > 0
            self._on(reply)
            if self._connection is not connection:  # what else it said is about nothing any more
                return
        if connection is not None:
            connection.wire.expect(self._within)

    def ended(self, why: OSError) -> None:
        """The connection is over: what that means hangs on how far the transaction had come."""
        if self._turn is None:
            self._let_go()
        elif self._refused is not None:
            self._let_go()
            self._tell_and_go(self._refused)
        else:
            self._break(unanswered(self._phase, type(why).__name__))

    def taken(self) -> None:
        """A content that waited to be taken is: its dot may follow."""
        if self._phase is Phase.CONTENT and self._turn is not None:
            self._end_content(b"")

    def _await(self, phase: Phase, on: Callable[[Reply], None], within: float) -> None:
        self._phase, self._on, self._within = phase, on, within

    def _unasked(self, reply: Reply) -> None:
        """A server that speaks while nobody asks is about to hang up."""
        self._let_go()

    def _on_envelope(self, reply: Reply) -> None:
        """The reply to MAIL, RCPT or DATA."""
        phase = self._phase
        is_yes = reply.code // 100 == _YES[phase]
        if not is_yes:
            refused = self._refusal(reply)
            if reply.code == _CLOSING or not 400 <= reply.code < 600:
                self._break(refused)
                return
            self._refused = self._refused or refused
        pipelines = self._connection is not None and self._connection.pipelines
        if phase is Phase.DATA or (self._refused is not None and not pipelines):
            self._after_envelope(awaits_content=is_yes and phase is Phase.DATA)
            return
        self._phase = _AFTER[phase]
        if not pipelines:
            command, *self._commands = self._commands
            self._write(command)

    def _after_envelope(self, *, awaits_content: bool) -> None:
        if self._refused is None:
            self._send_content()
        elif awaits_content:  # all the same: then the dot alone ends it (RFC 2920)
            self._await(self._phase, self._reset, _COURTESY)
            self._write(b".\r\n")
        else:
            self._reset()

    def _reset(self, _: Reply | None = None) -> None:
        """So that the connection can be used for the next mail."""
        self._await(self._phase, self._on_reset, _COURTESY)
        self._write(b"RSET\r\n")

    def _on_reset(self, reply: Reply) -> None:
        if reply.code // 100 != 2:
            self._let_go()
        if self._refused is not None:
            self._tell_and_go(self._refused)

    def _send_content(self) -> None:
        """The content and the dot that ends it, and behind it the next mail's envelope.

        A fault before the dot means that the mail is surely not delivered, so what the system may not take at once goes without it.
        """
        if self._turn is None or self._connection is None:
            return
        self._await(Phase.CONTENT, self._early.append, self._server.timeout)
        if not self._connection.wire.is_usable:
            return  # `ended` is about to be told
        stuffed = self._turn[1].content.replace(b"\r\n.", b"\r\n..")  # it begins with a header
        if len(stuffed) > _ONE_WRITE:
            self._write(stuffed)
            if self._connection.wire.is_clogged:
                return
            stuffed = b""
        self._end_content(stuffed)

    def _end_content(self, rest: bytes) -> None:
        connection = self._connection
        following = self.place.begin(connection.extensions) if connection is not None and connection.pipelines else b""
        self._write(b"".join((rest, b".\r\n", following)))
        self._await(Phase.FINAL, self._on_final, self._server.final_timeout)
        self._handed_over()
        if connection is not None:
            connection.wire.expect(self._within)
        early, self._early = self._early, []
        if early:
            self.heard(early)

    def _on_final(self, reply: Reply) -> None:
        if 200 <= reply.code < 300:
            self._tell_and_go(reply.text)
        elif 400 <= reply.code < 600:
            refused = self._refusal(reply)
            if reply.code == _CLOSING:
                self._let_go()
            self._tell_and_go(refused)
        else:
            self._break(Unconfirmed("the final reply makes no sense", code=str(reply.code)))

    def _refusal(self, reply: Reply) -> SendError:
        return refusal(reply, self._phase, *((self._turn[1].recipient, self._turn[1].sender) if self._turn is not None else ()))

    def _break(self, error: SendError) -> None:
        """Let the connection go, and tell why."""
        self._let_go()
        if self._phase is Phase.MAIL and not self._is_fresh and isinstance(error, Unavailable):
            self._open()  # it had been closed for being idle or well used: nothing was handed over yet, so a new one may try
        else:
            self._tell_and_go(error)

    def _tell_and_go(self, answer: str | SendError) -> None:
        self._tell(answer)
        self.go()

    def _tell(self, answer: str | SendError) -> None:
        turn, self._turn, self._refused = self._turn, None, None
        if turn is not None:
            turn[0].told(turn[1], answer)

    def _write(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.wire.write(data)

    def _let_go(self) -> None:
        """Of the socket, without a word."""
        connection, self._connection, self.place.has_begun, self._is_spoken_to = self._connection, None, False, False
        self._early.clear()
        if connection is not None:
            connection.wire.abort()
