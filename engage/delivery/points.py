"""The named points of a delivery, at which tests and the fault suite stop, look and break things.

Nothing happens at them unless somebody listens. A point is passed as often as there is something to pass it: once a batch, a slice,
a content or an answer. Whoever listens is called in the thread that does the work, `handed_over` and `accepted` in that of the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """In the order in which a delivery comes to them."""

    CLAIMED = "claimed"  # the lease is committed
    RENDERED = "rendered"  # all of the batch is decided, and rendered where approved; nothing is `sending`
    CLEARED = "cleared"  # `sending` is committed for a slice
    HANDED_OVER = "handed_over"  # a content was written to the provider whole; no answer was read
    ACCEPTED = "accepted"  # the provider's yes was read; it is written down nowhere
    RECORDING = "recording"  # before outcomes are committed
    RECORDED = "recorded"  # after


Reached = Callable[[Point], None]


def unheard(point: Point) -> None:
    """Nobody listens."""
