"""The machine clock, for what a provider compares with its own: a mail's Date, a signature's time, the date in a Retry-After.

The business clock never comes here: a demo that jumps through a week must not sign requests of next Friday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]


def machine_now() -> datetime:
    """The present moment of this machine, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # an adapter is an edge: what it dates is read by another machine, now
