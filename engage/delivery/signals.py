"""What the conductor tells whoever watches it: by batch, never by mail.

Implementers must raise nothing of their own, keep nothing of what they are given but numbers and names, and take microseconds: they stand
on the path of every batch. `SILENT` hears nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from engage.delivery.ports import Lease, Outcome, Settlement


class Stage(StrEnum):
    """What a batch goes through. PREPARE is to decide and render; CLEAR, SEND and RECORD come once a slice."""

    CLAIM = "claim"
    LOAD = "load"
    PREPARE = "prepare"
    CLEAR = "clear"
    SEND = "send"
    RECORD = "record"


class Signals(Protocol):
    """Whoever watches the conductor."""

    def claiming(self, queue: str) -> AbstractContextManager[None]:
        """Around a look for due deliveries, which mostly finds none."""
        ...

    def batch(self, lease: Lease, queue: str) -> AbstractContextManager[None]:
        """Around all that is done with a batch; LeaseLost comes through where it ended too soon."""
        ...

    def stage(self, stage: Stage) -> AbstractContextManager[None]:
        """Around one stage of the batch in hand."""
        ...

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """What became of deliveries, once it is committed."""
        ...

    def answered(self, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """What the provider said to hand-offs of the batch in hand, and when (business clock), once it is committed."""
        ...

    def waited(self, channel: str, seconds: float) -> None:
        """A slice waits so long for its provider's rate."""
        ...


@final
class Silent:
    """Nobody watches."""

    def claiming(self, queue: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def batch(self, lease: Lease, queue: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def stage(self, stage: Stage) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """Nothing."""

    def answered(self, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """Nothing."""

    def waited(self, channel: str, seconds: float) -> None:
        """Nothing."""


SILENT = Silent()
