"""A breaker: whether a provider, or the mail servers of a domain, may be given messages now. Pure, by seconds that are handed in.

::

    closed     ── too many failures running, or a failure of it as a whole without any sign of life ──►  shut for a while
    shut       ── that while is over ──►  half open
    half open  ── a few are tried by one at a time; it goes well ──►  four times as many, and so on ──►  closed
               ── it fails again ──►  shut, twice as long

Whoever fails again soon after it was closed stays shut twice as long too, so that one that comes and goes is not believed at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

FEW = 5
GROWS = 4
ENOUGH = 500
"""From so many at once on it is closed."""

TRIED_FOR = 60.0
"""Seconds after which a trial of which nothing was heard is no longer waited for."""

LOOK_AGAIN = 1.0
"""Seconds after which those look again who wait while another tries."""

SIGN_OF_LIFE = 10.0
"""Seconds for which a success shows that it is there."""

BELIEVED_AFTER = 600.0
"""Seconds for which it must have been well, after which the next pause is as short as the first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """How soon a breaker opens, and for how long: so many failures running; seconds of the first pause, and of the longest."""

    failures: int
    pause: float
    longest: float


PROVIDER = Temper(failures=5, pause=30.0, longest=600.0)
DOMAIN = Temper(failures=10, pause=60.0, longest=900.0)


@final
@dataclass(slots=True)
class Breaker:
    """One breaker. Not for two threads at once."""

    temper: Temper
    reason: str = "breaker"
    shut_until: float = 0.0
    room: int | None = None  # how many may be tried at once, half open; None: closed
    _failures: int = 0
    _pause: float = 0.0
    _tried_until: float = 0.0
    _tried: int = 0  # how many were given to it to try
    _alive_at: float = float("-inf")
    _asked_at: float = float("-inf")
    _asked_for: float = 0.0
    _closed_at: float = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until it may be given something; 0: now."""
        if self.shut_until > now:
            return self.shut_until - now
        return LOOK_AGAIN if self.room is not None and self._tried_until > now else 0.0

    def is_shut(self, now: float) -> bool:
        """Whether its pause is not over."""
        return self.shut_until > now

    def is_forgettable(self, now: float) -> bool:
        """Whether it remembers nothing that matters: it is closed, and was long enough."""
        return self.room is None and not self._failures and now - self._closed_at >= BELIEVED_AFTER

    def admit(self, now: float, wanted: int) -> int:
        """How many of those may be given to it now. Half open, whoever gets some is the one who tries."""
        if self.wait(now) > 0 or wanted == 0:
            return 0
        if self.room is None:
            return wanted
        self._tried_until, self._tried = now + TRIED_FOR, min(self.room, wanted)
        return self._tried

    def give_back(self, messages: int) -> None:
        """So many that were given to it did not go after all. Where none of a trial did, nobody tries."""
        self._tried -= messages
        if self._tried <= 0:
            self._tried_until = 0.0

    def succeeded(self, now: float) -> bool:
        """It took something. Whether this closed it."""
        self._failures, self._alive_at = 0, now
        if self.room is None or self.shut_until > now or not self._tried_until:
            return False
        self._tried_until = 0.0  # the others of the same trial say nothing new
        self.room *= GROWS
        if self.room < ENOUGH:
            return False
        self.room, self._closed_at = None, now
        return True

    def failed(self, now: float, *, as_a_whole: bool = False) -> bool:
        """It was not there for something. Whether this opened it; what was under way when it opened says nothing new."""
        if self.shut_until > now:
            return False
        self._failures += 1
        on_trial = self.room is not None and self._tried_until > 0
        lifeless = as_a_whole and now - self._alive_at >= SIGN_OF_LIFE
        if not (on_trial or lifeless or self._failures >= self.temper.failures):
            return False
        again = self.room is not None or now - self._closed_at < BELIEVED_AFTER
        self._pause = min(2 * self._pause, self.temper.longest) if again and self._pause else self.temper.pause
        self.shut(now, self._pause, "breaker")
        return True

    def asks(self, now: float, seconds: float) -> float:
        """For how long it is left alone that asks for so many seconds: who asks again and took nothing meanwhile, twice as long."""
        if self.shut_until > now:
            return seconds  # it says so to each that is under way
        again = self.room is not None and self._alive_at < self._asked_at
        self._asked_for = max(seconds, min(2 * self._asked_for, self.temper.longest)) if again else seconds
        self._asked_at = now
        return self._asked_for

    def shut(self, now: float, seconds: float, reason: str) -> None:
        """Leave it alone for so long; then begin with a few."""
        if now + seconds > self.shut_until:
            self.shut_until, self.reason = now + seconds, reason
        self.room, self._tried_until, self._failures = FEW, 0.0, 0
