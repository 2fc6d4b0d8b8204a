"""A channel without a provider: a real implementation of the port, which a test tells what to answer.

    channel = FakeChannel()
    channel.fail(Rejected("no such number", address_is_bad=True), times=1)
    ... channel.sent
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import ClassVar

from engage.channels.adapter import unheard
from engage.model.contact import ChannelKind
from engage.model.delivery import Cleared, Receipt
from engage.model.errors import SendError
from engage.model.workspace import Channel, Settings


class FakeChannel:
    """Takes every message, unless told to fail. `sent` holds what the provider has, `tried` all that was handed over."""

    KIND: ClassVar[ChannelKind | None] = None
    IDEMPOTENT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, channel: Channel | None = None, settings: Settings | None = None) -> None:
        self.channel, self.settings = channel, settings
        self.sent: list[Cleared] = []
        self.tried: list[Cleared] = []
        self.is_closed = False
        self.handed_over: Callable[[], None] = unheard
        self._next: deque[tuple[SendError, bool]] = deque()
        self._always: tuple[SendError, bool] | None = None

    def fail(self, error: SendError, *, times: int | None = None, yet_taken: bool = False) -> None:
        """Raise the error always, or so many times. `yet_taken`: the provider has the message all the same."""
        if times is None:
            self._always = (error, yet_taken)
        else:
            self._next.extend([(error, yet_taken)] * times)

    async def send(self, cleared: Cleared) -> Receipt:
        """Take the message, or fail as told."""
        self.tried.append(cleared)
        failure = self._next.popleft() if self._next else self._always
        if failure is None or failure[1]:
            self.sent.append(cleared)
        self.handed_over()
        if failure is not None:
            raise failure[0]
        return Receipt(provider_id=f"fake-{len(self.sent)}")

    async def check(self) -> tuple[str, ...]:
        """Nothing can be wrong."""
        return ()

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True
