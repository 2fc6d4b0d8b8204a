"""Kept SMTP connections, so that a mail does not pay for connecting, TLS and login: as many as are allowed, the last used first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import final

from engage.channels.adapter import unheard
from engage.channels.mime import Mail
from engage.channels.smtp_lane import Lane
from engage.channels.smtp_line import Errand, Line
from engage.channels.smtp_opening import Server
from engage.model.errors import SendError


@final
class SmtpPool:
    """At most `size` connections; safe for many tasks of one loop."""

    def __init__(self, server: Server, *, size: int) -> None:
        self._server = server
        self._size = size
        self._line = Line()
        self._busy: set[Lane] = set()
        self._idle: list[Lane] = []
        self._resting: asyncio.Future[None] | None = None
        self.handed_over: Callable[[], None] = unheard

    async def deliver(self, mail: Mail) -> str:
        """Hand the mail over by a kept connection, else a new one. Raises Rejected, Unavailable or Unconfirmed.

        Whoever is cancelled while waiting does not hear of it; a mail whose turn has come is handed over all the same.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def told(_: Mail | None, answered: str | SendError) -> None:
            if answer.done():
                return
            if isinstance(answered, str):
                answer.set_result(answered)
            else:
                answer.set_exception(answered)

        self.begin([Errand(compose=lambda: mail, told=told, abandoned=answer.done)])
        return await answer

    def begin(self, errands: Iterable[Errand]) -> None:
        """Put them in line, and let as many lanes go as they need; each is told what came of it."""
        self._line.add(errands)
        for _ in range(min(len(self._line), self._size - len(self._busy))):
            lane = self._kept() or Lane(self._server, self._line, rests=self._rests, handed_over=self.handed_over)
            self._busy.add(lane)
            lane.go()

    def look_at_the_clock(self) -> None:
        """Those whose time is over hear of it now: while every connection waits for its answer nobody's turn comes."""
        self._line.look_at_the_clock()
        for lane in self._busy:
            lane.place.look_at_the_clock()

    async def close(self) -> None:
        """Say goodbye on all of them, once nothing is under way; whoever is cancelled lets them go at once."""
        try:
            while self._busy:
                self._resting = asyncio.get_running_loop().create_future()
                await self._resting
        except asyncio.CancelledError:
            for lane in list(self._busy):
                lane.stop()
            raise
        idle, self._idle = self._idle, []
        await asyncio.gather(*(lane.close() for lane in idle))
        await asyncio.sleep(0)  # the loop closes aborted sockets in its next round

    def _rests(self, lane: Lane) -> None:
        """Nobody stands in line for it any more."""
        self._busy.discard(lane)
        if lane.is_open:
            self._idle.append(lane)
        if not self._busy and self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    def _kept(self) -> Lane | None:
        while self._idle:
            lane = self._idle.pop()
            if lane.is_open:
                return lane
        return None
