"""What this process knows of each channel's provider: its rate, when it asked us to wait, whether it keeps failing.

All of it goes by the machine clock (seconds, handed in), as none of it is about people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import final

from engage.model.delivery import ProviderState
from engage.model.workspace import Channel

FAILURES_THAT_OPEN = 5
OPEN_FOR = 30.0
OPEN_FOR_AT_MOST = 600.0
SLICE_SECONDS = 0.5
SLICE_AT_MOST = 500


@dataclass(slots=True)
class _Provider:
    blocked_until: float = 0.0
    reason: str | None = None
    failures: int = 0
    pause: float = 0.0
    paid_until: float = 0.0


@final
class Health:
    """A breaker and a pace for each channel. A provider that fails five times running is left alone for half a minute, then
    twice as long each time; an open breaker costs no message an attempt."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._providers: dict[str, _Provider] = {}
        self._lock = Lock()

    def moment(self) -> float:
        """The machine clock, in seconds since nobody knows when."""
        return self._monotonic()

    def states(self) -> Mapping[str, ProviderState]:
        """For the decision: how long each provider that is not well must be left alone."""
        now = self._monotonic()
        with self._lock:
            return {
                name: ProviderState(wait=provider.blocked_until - now, reason=provider.reason)
                for name, provider in self._providers.items() if provider.blocked_until > now
            }

    def succeeded(self, channel: str) -> None:
        """The provider took a message, or refused it for good: it is there."""
        with self._lock:
            provider = self._of(channel)
            provider.failures, provider.pause, provider.reason = 0, 0.0, None

    def failed(self, channel: str) -> None:
        """The provider was not there for a message. What was under way when the breaker opened tells nothing new."""
        with self._lock:
            provider = self._of(channel)
            provider.failures += 1
            if provider.failures >= FAILURES_THAT_OPEN and provider.blocked_until <= self._monotonic():
                provider.pause = min(2 * provider.pause or OPEN_FOR, OPEN_FOR_AT_MOST)
                self._block(provider, provider.pause, "breaker")

    def wait(self, channel: str, seconds: float) -> None:
        """The provider asked to be left alone for so long (Retry-After)."""
        with self._lock:
            self._block(self._of(channel), seconds, "rate")

    def pay(self, channel: Channel, messages: int) -> float:
        """Book so many messages of the channel's rate; the seconds to wait before handing them over."""
        if channel.rate is None:
            return 0.0
        with self._lock:
            provider, now = self._of(channel.name), self._monotonic()
            start = max(provider.paid_until, now)
            provider.paid_until = start + messages / channel.rate
            return start - now

    @staticmethod
    def slice_size(channel: Channel) -> int:
        """How many messages can be handed over in half a second: what one clearing transaction lets go."""
        return SLICE_AT_MOST if channel.rate is None else max(1, min(SLICE_AT_MOST, int(channel.rate * SLICE_SECONDS)))

    def _of(self, channel: str) -> _Provider:
        return self._providers.setdefault(channel, _Provider())

    def _block(self, provider: _Provider, seconds: float, reason: str) -> None:
        provider.blocked_until = max(provider.blocked_until, self._monotonic() + seconds)
        provider.reason = reason
