"""Kept SMTP connections, so that a mail does not pay for connecting, TLS and login: as many as are allowed, the last used first.

What is to be handed over stands in one line, and every connection takes the next from it when it can: few mails are laid out sooner, and
none costs a task or a future of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import final

import structlog

from engage.channels.adapter import unheard
from engage.channels.mime import Mail
from engage.channels.smtp_opening import Server
from engage.channels.smtp_replies import Phase
from engage.channels.smtp_session import SmtpSession
from engage.model.errors import SendError, Unavailable, Unconfirmed
from engage.model.places import places_of

log = structlog.get_logger()

_LAID_OUT_AT_ONCE = 16


@final
@dataclass(slots=True, kw_only=True)
class Errand:
    """A mail to be handed over: how to lay it out (raises Rejected), and who is told the text of the server's yes, or the error.

    `abandoned`: nobody waits for it any more; it goes only where its turn has come. `in_time`: whether it may still begin, asked then.
    """

    compose: Callable[[], Mail]
    told: Callable[[Mail | None, str | SendError], None]
    abandoned: Callable[[], bool] | None = None
    in_time: Callable[[], bool] | None = None

    def came_late(self, mail: Mail | None) -> bool:
        """Whether it may not begin any more; whoever waits for it has heard of that then."""
        if self.in_time is None or self.in_time():
            return False
        self.told(mail, _late())
        return True


@final
class SmtpPool:
    """At most `size` connections; safe for many tasks of one loop."""

    def __init__(self, server: Server, *, size: int) -> None:
        self._server = server
        self._size = size
        self._line: deque[Errand] = deque()
        self._laid_out: deque[tuple[Errand, Mail]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._serving: set[_Lane] = set()
        self._idle: list[SmtpSession] = []
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
        """Put them in line, and open as many lanes as they need; each is told what came of it."""
        self._line.extend(errands)
        for _ in range(min(len(self._line) + len(self._laid_out), self._size - len(self._lanes))):
            lane = asyncio.create_task(self._serve())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    def look_at_the_clock(self) -> None:
        """Those whose time is over hear of it now: while every connection waits for its answer nobody's turn comes."""
        line, laid_out = list(self._line), list(self._laid_out)
        self._line.clear()
        self._laid_out.clear()
        self._line.extend(errand for errand in line if not errand.came_late(None))
        self._laid_out.extend((errand, mail) for errand, mail in laid_out if not errand.came_late(mail))
        for lane in self._serving:
            lane.look_at_the_clock()

    async def close(self) -> None:
        """Say goodbye on all of them."""
        await asyncio.gather(*self._lanes, return_exceptions=True)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.close() for session in idle))
        await asyncio.sleep(0)  # the loop closes aborted sockets in its next round

    async def _serve(self) -> None:
        """Work on what stands in line until nobody does, over one connection."""
        lane = _Lane(self._kept(), self._next, lambda: SmtpSession(self._server, handed_over=self.handed_over))
        self._serving.add(lane)
        try:
            await lane.run()
        finally:
            self._serving.discard(lane)
            if (task := asyncio.current_task()) is not None:
                self._lanes.discard(task)  # at once: whoever stands in line from now on needs another one
            if lane.session is not None and lane.session.is_open:
                self._idle.append(lane.session)
            elif lane.session is not None:
                lane.session.abort()

    def _next(self) -> tuple[Errand, Mail] | None:
        """The next in line whose time has not passed, laid out; one that cannot go hears of it here."""
        while self._laid_out or self._line:
            if not self._laid_out:
                self._lay_out()
                continue
            errand, mail = self._laid_out.popleft()
            if errand.came_late(mail):
                continue
            if errand.abandoned is None or not errand.abandoned():
                return errand, mail
        return None

    def _lay_out(self) -> None:
        """The first in line, some at once: to turn from the network to mails and back for each of them costs as much as the mail."""
        for errand in [self._line.popleft() for _ in range(min(len(self._line), _LAID_OUT_AT_ONCE))]:
            try:
                self._laid_out.append((errand, errand.compose()))
            except SendError as error:
                errand.told(None, error)
            except Exception as error:  # noqa: BLE001  # a mistake of ours with one mail; nothing of it was handed over
                log.error("smtp.stumbled", during="compose", error=type(error).__name__, at=places_of(error))
                errand.told(None, Unavailable(type(error).__name__, code="compose"))

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
        self, session: SmtpSession | None, next_in_line: Callable[[], tuple[Errand, Mail] | None], another: Callable[[], SmtpSession],
    ) -> None:
        self._next = next_in_line
        self._another = another
        self._ahead: tuple[Errand, Mail] | None = None
        self._awaits_another = False
        self.session = session

    async def run(self) -> None:
        """Until nobody is in line."""
        while (taken := self._take()) is not None:
            errand, mail = taken
            try:
                text = await self._deliver(errand, mail)
            except SendError as error:
                errand.told(mail, error)
            except BaseException as error:
                errand.told(mail, Unconfirmed(type(error).__name__))
                if not isinstance(error, Exception):
                    raise
                log.error("smtp.stumbled", during="send", error=type(error).__name__, at=places_of(error))
            else:
                errand.told(mail, text)

    def _kept(self) -> SmtpSession | None:
        return self.session if self.session is not None and self.session.is_open else None

    def look_at_the_clock(self) -> None:
        """Where the time of the mail is over whose envelope went ahead, it goes no further."""
        if self._ahead is not None and self._ahead[0].came_late(self._ahead[1]):
            self._ahead, self._awaits_another = None, True

    def _take(self) -> tuple[Errand, Mail] | None:
        self.look_at_the_clock()
        if self._awaits_another and self.session is not None:  # the server awaits the content of a mail that does not come
            self.session.abort()
        ahead, self._ahead, self._awaits_another = self._ahead, None, False
        return ahead or self._next()

    def _following(self) -> Mail | None:
        """The mail that is next in line, as it may begin before this one's last reply."""
        self._ahead = self._next()
        return None if self._ahead is None else self._ahead[1]

    async def _deliver(self, errand: Errand, mail: Mail) -> str:
        if (kept := self._kept()) is not None:
            try:
                return await kept.deliver(mail, self._following)
            except Unavailable:
                if kept.is_open or kept.phase is not Phase.MAIL:
                    raise
                # The server had closed it for being idle or well used: nothing was handed over yet, so a new one may try.
        self.session = fresh = self._another()
        await fresh.open()
        if errand.in_time is not None and not errand.in_time():  # the server may have kept us waiting for a minute
            raise _late()
        return await fresh.deliver(mail, self._following)


def _late() -> Unavailable:
    return Unavailable("its time was over before its turn came", code="late")
