"""What the conductor tells whoever watches it: by batch, never by mail.

Implementers must raise nothing, keep nothing of what they are given but numbers and names, and take microseconds: they stand on the path
of every batch. `SILENT` hears nothing.
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

    def batch(self, lease: Lease, queue: str) -> AbstractContextManager[None]:
        """Around all that is done with a batch."""
        ...

    def stage(self, stage: Stage, queue: str) -> AbstractContextManager[None]:
        """Around one stage; within the batch's, but for CLAIM."""
        ...

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """What became of deliveries, once it is committed."""
        ...

    def answered(self, outcomes: Sequence[Outcome], queue: str, *, now: datetime) -> None:
        """What the provider said to these hand-offs, and when (business clock): once it is committed."""
        ...

    def lost(self, lease: Lease, queue: str) -> None:
        """The lease ended before its batch did."""
        ...

    def waited(self, channel: str, seconds: float) -> None:
        """A slice waits so long for its provider's rate."""
        ...


@final
class Silent:
    """Nobody watches."""

    def batch(self, lease: Lease, queue: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def stage(self, stage: Stage, queue: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """Nothing."""

    def answered(self, outcomes: Sequence[Outcome], queue: str, *, now: datetime) -> None:
        """Nothing."""

    def lost(self, lease: Lease, queue: str) -> None:
        """Nothing."""

    def waited(self, channel: str, seconds: float) -> None:
        """Nothing."""


SILENT = Silent()
