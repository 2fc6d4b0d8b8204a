"""What is due at a moment, for a clock that jumps: it asks once, and then only those who have something to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from engage.model.workspace import Queue


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Runs or pending events; deliveries, by their queues; and whether any contact was written at this moment or since.

    Whoever was may enter by it, or an event that was kept may be about them.
    """

    runs: bool
    events: bool
    queues: tuple[Queue, ...]
    people: bool
