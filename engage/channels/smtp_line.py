"""Mails that wait for a connection: in one line, of which every lane takes the next when it can, so that few are laid out sooner."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import final

import structlog

from engage.channels.mime import Mail
from engage.model.errors import SendError, Unavailable
from engage.model.places import places_of

log = structlog.get_logger()

_LAID_OUT_AT_ONCE = 16


@final
@dataclass(slots=True, kw_only=True)
class Errand:
    """A mail to be handed over: how to lay it out (raises Rejected), and who is told the text of the server's yes, or the error.

    `abandoned`: nobody waits for it any more; it goes only where its turn has come. `in_time`: whether it may still begin, asked then.
    `urgent`: it goes before all that are not.
    """

    compose: Callable[[], Mail]
    told: Callable[[Mail | None, str | SendError], None]
    abandoned: Callable[[], bool] | None = None
    in_time: Callable[[], bool] | None = None
    urgent: bool = False

    def came_late(self, mail: Mail | None) -> bool:
        """Whether it may not begin any more; whoever waits for it has heard of that then."""
        if self.in_time is None or self.in_time():
            return False
        self.told(mail, Unavailable("its time was over before its turn came", code="late"))
        return True


Turn = tuple[Errand, Mail]
"""Whose turn it is, with the mail laid out."""


@final
class Line:
    """Who is urgent first, else first come, first served."""

    def __init__(self) -> None:
        self._urgent, self._others = _Row(), _Row()

    def __len__(self) -> int:
        """How many stand in it."""
        return len(self._urgent) + len(self._others)

    def add(self, errands: Iterable[Errand]) -> None:
        """Put them at its end, or behind those who are urgent as well."""
        for errand in errands:
            (self._urgent if errand.urgent else self._others).add(errand)

    def next(self) -> Turn | None:
        """The next whose time has not passed, laid out; one that cannot go hears of it here."""
        return self._urgent.next() or self._others.next()

    def look_at_the_clock(self) -> None:
        """Those whose time is over hear of it now."""
        self._urgent.look_at_the_clock()
        self._others.look_at_the_clock()


@final
class _Row:
    """First come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[Errand] = deque()
        self._laid_out: deque[Turn] = deque()

    def __len__(self) -> int:
        """How many stand in it."""
        return len(self._waiting) + len(self._laid_out)

    def add(self, errand: Errand) -> None:
        """Put it at the end."""
        self._waiting.append(errand)

    def next(self) -> Turn | None:
        """The next whose time has not passed, laid out; one that cannot go hears of it here."""
        while self._laid_out or self._waiting:
            if not self._laid_out:
                self._lay_out()
                continue
            errand, mail = turn = self._laid_out.popleft()
            if errand.came_late(mail):
                continue
            if errand.abandoned is None or not errand.abandoned():
                return turn
        return None

    def look_at_the_clock(self) -> None:
        """Those whose time is over hear of it now."""
        waiting, laid_out = list(self._waiting), list(self._laid_out)
        self._waiting.clear()
        self._laid_out.clear()
        self._waiting.extend(errand for errand in waiting if not errand.came_late(None))
        self._laid_out.extend(turn for turn in laid_out if not turn[0].came_late(turn[1]))

    def _lay_out(self) -> None:
        """The first in line, some at once: to turn from the network to mails and back for each of them costs as much as the mail."""
        for errand in [self._waiting.popleft() for _ in range(min(len(self._waiting), _LAID_OUT_AT_ONCE))]:
            try:
                self._laid_out.append((errand, errand.compose()))
            except SendError as error:
                errand.told(None, error)
            except Exception as error:  # noqa: BLE001  # a mistake of ours with one mail; nothing of it was handed over
                log.error("smtp.stumbled", during="compose", error=type(error).__name__, at=places_of(error))
                errand.told(None, Unavailable(type(error).__name__, code="compose"))
