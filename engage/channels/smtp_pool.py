"""Kept SMTP connections, so that a mail does not pay for connecting, TLS and login: as many as are allowed, the last used first."""

from __future__ import annotations

import asyncio
from typing import final

from engage.channels.mime import Mail
from engage.channels.smtp_replies import Phase
from engage.channels.smtp_session import Server, SmtpSession
from engage.model.errors import Unavailable


@final
class SmtpPool:
    """At most `size` connections; safe for many tasks of one loop."""

    def __init__(self, server: Server, *, size: int) -> None:
        self._server = server
        self._room = asyncio.Semaphore(size)
        self._idle: list[SmtpSession] = []

    async def deliver(self, mail: Mail) -> str:
        """Hand the mail over by a kept connection, else a new one. Raises Rejected, Unavailable or Unconfirmed."""
        async with self._room:
            if kept := self._kept():
                try:
                    return await self._by(kept, mail)
                except Unavailable:
                    if kept.is_open or kept.phase is not Phase.MAIL:
                        raise
                    # The server had closed it for being idle or well used: nothing was handed over yet, so a new one may try.
            fresh = SmtpSession(self._server)
            await fresh.open()
            return await self._by(fresh, mail)

    async def close(self) -> None:
        """Say goodbye on all of them."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.close() for session in idle))
        await asyncio.sleep(0)  # the loop closes aborted sockets in its next round

    async def _by(self, session: SmtpSession, mail: Mail) -> str:
        try:
            return await session.deliver(mail)
        finally:
            if session.is_open:
                self._idle.append(session)
            else:
                session.abort()

    def _kept(self) -> SmtpSession | None:
        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
            session.abort()
        return None
