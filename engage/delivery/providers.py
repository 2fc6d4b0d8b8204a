"""What this process knows of each way's provider: whether it is well, when it asked to be left alone.

All of it goes by the machine clock (seconds, handed in), as none of it is about people. A breaker is each process's own: a machine that
cannot reach a provider must not keep the others from it. What a provider asks for itself (Retry-After) all workers heed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import final

import structlog

from engage.delivery.breaker import PROVIDER, Breaker
from engage.delivery.rate_ports import Notice, Notices
from engage.model.errors import SendError, Unavailable, Unconfirmed
from engage.model.workspace import Channel

log = structlog.get_logger()

LISTEN_EVERY = 0.5
"""Seconds between two looks at what others tell."""

SILENT_FOR = 15.0
"""Seconds after which a message is looked at again whose provider is silent."""

WAITED_FOR = 600.0
"""Seconds for which people are told so, unless it is heard before (a mail server's last word may take as long, RFC 5321)."""


@final
class Providers:
    """A breaker for each way. Safe to use from many threads; `learn`, `listen` and those that tell may ask the database."""

    def __init__(self, monotonic: Callable[[], float], notices: Notices) -> None:
        self._monotonic = monotonic
        self._notices = notices
        self._breakers: dict[str, Breaker] = {}
        self._silent: Counter[str] = Counter()  # how many slices each has not answered for long
        self._listened_at = float("-inf")
        self._lock = Lock()

    def wait(self, way: Channel) -> tuple[float, str]:
        """For how many seconds it must be left alone (0: not at all), and why."""
        self.listen()
        with self._lock:
            return self._wait(way.key, self._monotonic())

    def waits(self) -> Mapping[str, tuple[float, str]]:
        """Those that are left alone, by their ways' keys: for how many seconds, and why."""
        with self._lock:
            now = self._monotonic()
            shut = [key for key, breaker in self._breakers.items() if breaker.is_shut(now)]
            return {key: self._wait(key, now) for key in {*shut, *self._silent}}

    def is_shut(self, way: Channel) -> bool:
        """Whether it is left alone altogether."""
        with self._lock:
            breaker = self._breakers.get(way.key)
            return way.key in self._silent or (breaker is not None and breaker.is_shut(self._monotonic()))

    def admit(self, way: Channel, wanted: int) -> int:
        """How many of those may go by it now: a few while it is tried again."""
        self.listen()
        with self._lock:
            breaker = self._breakers.get(way.key)
            return wanted if breaker is None else breaker.admit(self._monotonic(), wanted)

    def give_back(self, way: Channel, messages: int) -> None:
        """So many that were admitted did not go by it after all."""
        with self._lock:
            breaker = self._breakers.get(way.key)
            if breaker is not None and messages:
                breaker.give_back(messages)

    def fell_silent(self, way: Channel) -> None:
        """It has taken messages and not answered for long."""
        with self._lock:
            self._silent[way.key] += 1
        log.warning("provider.silent", provider=way.key)

    def tell_of_silence(self, way: Channel) -> None:
        """Let people know, as long as it is so."""
        self._notices.tell(Notice(provider=way.key, seconds=WAITED_FOR, reason="silent"))

    def heard(self, way: Channel) -> None:
        """It has answered one such slice, or its time was over."""
        with self._lock:
            self._silent[way.key] -= 1
            news = self._silent[way.key] <= 0
            if news:
                del self._silent[way.key]
        if news:
            log.info("provider.heard", provider=way.key)
            self._notices.well(way.key)

    def learn(self, way: Channel, error: SendError | None, *, alone: bool) -> None:
        """What came of a hand-off. `alone`: the channel has no other way, so that what people must mend pauses it instead."""
        match error:
            case Unavailable(retry_after=float() | int() as seconds, whole_provider=True) if seconds > 0:
                self._asked(way, seconds)
            case Unavailable(configuration=True):
                if not alone:
                    self._refused(way)
            case Unavailable() | Unconfirmed() if not is_about_one_recipient(error):
                self._failed(way, as_a_whole=isinstance(error, Unavailable) and error.whole_provider)
            case _:
                self._succeeded(way)

    def listen(self) -> None:
        """Heed what others tell, now and then."""
        with self._lock:
            if self._monotonic() - self._listened_at < LISTEN_EVERY:
                return
            self._listened_at = self._monotonic()
        heard = self._notices.for_all()
        with self._lock:
            for notice in heard:
                self._of(notice.provider).shut(self._monotonic(), notice.seconds, notice.reason)

    def _wait(self, key: str, now: float) -> tuple[float, str]:
        breaker = self._breakers.get(key)
        wait = (0.0, "") if breaker is None else (breaker.wait(now), breaker.reason)
        return max(wait, (SILENT_FOR, "silent")) if key in self._silent else wait

    def _asked(self, way: Channel, seconds: float) -> None:
        with self._lock:
            breaker, now = self._of(way.key), self._monotonic()
            seconds = breaker.asks(now, seconds)
            news = breaker.shut_until < now + seconds - LISTEN_EVERY
            breaker.shut(now, seconds, "rate")
        if news:  # one of a slice is enough
            log.warning("provider.asks_to_wait", provider=way.key, seconds=round(seconds))
            self._notices.ask_all(Notice(provider=way.key, seconds=seconds, reason="rate"))

    def _refused(self, way: Channel) -> None:
        with self._lock:
            breaker, now = self._of(way.key), self._monotonic()
            news = not breaker.is_shut(now)
            breaker.shut(now, PROVIDER.longest, "configuration")
        if news:
            self._tell(way, PROVIDER.longest, "configuration")

    def _failed(self, way: Channel, *, as_a_whole: bool) -> None:
        with self._lock:
            breaker, now = self._of(way.key), self._monotonic()
            opened = breaker.failed(now, as_a_whole=as_a_whole)
            seconds = breaker.wait(now)
        if opened:
            self._tell(way, seconds, "breaker")

    def _succeeded(self, way: Channel) -> None:
        with self._lock:
            closed = self._of(way.key).succeeded(self._monotonic())
        if closed:
            log.info("provider.well", provider=way.key)
            self._notices.well(way.key)

    def _tell(self, way: Channel, seconds: float, reason: str) -> None:
        log.warning("provider.shut", provider=way.key, seconds=round(seconds), reason=reason)
        self._notices.tell(Notice(provider=way.key, seconds=seconds, reason=reason))

    def _of(self, key: str) -> Breaker:
        return self._breakers.setdefault(key, Breaker(temper=PROVIDER))


def is_about_one_recipient(error: SendError) -> bool:
    """A 4xx (a greylisting's 450) shows that the provider is there: many of them must not open its breaker."""
    of_all = isinstance(error, Unavailable) and (error.whole_provider or error.configuration)
    return not of_all and error.code is not None and error.code.isdigit() and error.code.startswith("4")
