"""How a process that works for days looks after its memory."""

from __future__ import annotations

import gc

ALLOCATED = 50_000
"""Objects that come to be, and stay, before the youngest are looked through: about as many as a batch of a thousand messages is made of."""


def collect_rarely() -> None:
    """Look for garbage in circles once a batch rather than once for every few messages of it, and never among what the process began with.

    Nothing on a message's way is made in circles; what is not, Python lets go at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATED, 20, 20)
