"""Kept SMTP connections, so that a mail does not pay for connecting, TLS and login: as many as are allowed, the last used first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from engage.channels.adapter import unheard
from engage.channels.mime import Mail
from engage.channels.smtp_opening import Server
from engage.channels.smtp_replies import Phase
from engage.channels.smtp_session import SmtpSession
from engage.model.errors import Unavailable


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """A mail to be handed over, and who waits for the answer."""

    mail: Mail
    answer: asyncio.Future[str]


@final
class SmtpPool:
    """At most `size` connections; safe for many tasks of one loop."""

    def __init__(self, server: Server, *, size: int) -> None:
        self._server = server
        self._size = size
        self._line: deque[_Errand] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._idle: list[SmtpSession] = []
        self.handed_over: Callable[[], None] = unheard

    async def deliver(self, mail: Mail) -> str:
        """Hand the mail over by a kept connection, else a new one. Raises Rejected, Unavailable or Unconfirmed.

        Whoever is cancelled while waiting does not hear of it; a mail whose turn has come is handed over all the same.
        """
        errand = _Errand(mail=mail, answer=asyncio.get_running_loop().create_future())
        self._line.append(errand)
        if len(self._lanes) < self._size:
            lane = asyncio.create_task(self._serve())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await errand.answer

    async def close(self) -> None:
        """Say goodbye on all of them."""
        await asyncio.gather(*self._lanes, return_exceptions=True)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.close() for session in idle))
        await asyncio.sleep(0)  # the loop closes aborted sockets in its next round

    async def _serve(self) -> None:
        """Work on what stands in line until nobody does, over one connection."""
        lane = _Lane(self._kept(), self._next, lambda: SmtpSession(self._server, handed_over=self.handed_over))
        try:
            await lane.run()
        finally:
            if lane.session is not None and lane.session.is_open:
                self._idle.append(lane.session)
            elif lane.session is not None:
                lane.session.abort()

    def _next(self) -> _Errand | None:
        while self._line:
            errand = self._line.popleft()
            if not errand.answer.done():
                return errand
        return None

    def _kept(self) -> SmtpSession | None:
        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
            session.abort()
        return None


@final
class _Lane:
    """Mail after mail over one connection, replaced where it ends."""

    def __init__(
        self, session: SmtpSession | None, next_in_line: Callable[[], _Errand | None], another: Callable[[], SmtpSession]
    ) -> None:
        self._next = next_in_line
        self._another = another
        self._ahead: _Errand | None = None
        self.session = session

    async def run(self) -> None:
        """Until nobody is in line."""
        while (errand := self._take()) is not None:
            try:
                text = await self._deliver(errand.mail)
            except BaseException as error:
                if not errand.answer.done():
                    errand.answer.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                if not isinstance(error, Exception):
                    raise
            else:
                if not errand.answer.done():
                    errand.answer.set_result(text)

    def _kept(self) -> SmtpSession | None:
        return self.session if self.session is not None and self.session.is_open else None

    def _take(self) -> _Errand | None:
        ahead = self._ahead or self._next()
        self._ahead = None
        return ahead

    def _following(self) -> Mail | None:
        """The mail that is next in line, as it may begin before this one's last reply."""
        self._ahead = self._next()
        return None if self._ahead is None else self._ahead.mail

    async def _deliver(self, mail: Mail) -> str:
        if (kept := self._kept()) is not None:
            try:
                return await kept.deliver(mail, self._following)
            except Unavailable:
                if kept.is_open or kept.phase is not Phase.MAIL:
                    raise
                # The server had closed it for being idle or well used: nothing was handed over yet, so a new one may try.
        self.session = fresh = self._another()
        await fresh.open()
        return await fresh.deliver(mail, self._following)
