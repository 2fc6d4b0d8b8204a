"""How a process that works for days looks after its memory."""

from __future__ import annotations

import gc

ALLOCATED = 200_000
"""Objects that come to be, and stay, before the youngest are looked through: more than the batches in hand are made of."""


def collect_rarely() -> None:
    """Look for garbage in circles when something stays, not while batches come and go, and never among what the process began with.

    Nothing on a message's way is made in circles; what is not, Python lets go at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATED, 20, 20)
