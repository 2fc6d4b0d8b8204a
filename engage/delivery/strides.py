"""How many of a provider's messages are cleared at once: as many as it lately began to take in the time that a slice has. Pure.

What was cleared and not begun in time goes back, which costs a transaction for nothing; a provider of which much went back is given
less, and more again as soon as it is quick. It is given a little less than it began, as each slice that is cut off also costs the
connections on which the next mails had begun; and never so little that some of its connections idle.
"""

from __future__ import annotations

from typing import final

LEAST = 8
GROWS = 4
MARGIN = 3 / 4
QUICK = 0.5
"""Seconds: what a slice should take."""


@final
class Strides:
    """What this process has learned of each way; of a way that was never slow, nothing. Safe to use from many threads."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._of: dict[str, int] = {}

    def at_most(self, way: str) -> int:
        """So many at once."""
        return self._of.get(way, self._most)

    def learn(self, way: str, cleared: int, *, late: int, seconds: float) -> None:
        """What came of a slice: how many were not begun in time, and how long the others took."""
        if late:
            self._of[way] = max(LEAST, int((cleared - late) * MARGIN))
        elif seconds <= QUICK and (known := self._of.pop(way, None)) is not None and known * GROWS < self._most:
            self._of[way] = known * GROWS
