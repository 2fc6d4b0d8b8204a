"""A text that remembers of what it was joined: the same template's letters share most of their stretches, one object for all of them.

Whoever encodes a letter can then encode what is common to all once. A text is a text with or without it: what is cut,
replaced or read from a file has no stretches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import final

_GAP = re.compile("\n{3,}")


@final
class Stretches(str):
    """The text, and its stretches in their order."""

    __slots__ = ("stretches",)

    stretches: Sequence[str]

    @classmethod
    def joined(cls, stretches: Sequence[str]) -> Stretches:
        """The stretches as one text."""
        text = cls("".join(stretches))
        text.stretches = stretches
        return text

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def trimmed(stretches: Sequence[str]) -> Sequence[str]:
    """The same text without what is blank at its ends, as `str.strip` has it."""
    if stretches and stretches[0] and stretches[-1] and not (stretches[0][0].isspace() or stretches[-1][-1].isspace()):
        return stretches
    kept = list(stretches)
    while kept and not (first := kept[0].lstrip()):
        del kept[0]
    while kept and not (last := kept[-1].rstrip()):
        del kept[-1]
    if kept:
        kept[0] = first
        kept[-1] = last if len(kept) > 1 else first.rstrip()
    return kept


def without_gaps(stretches: Sequence[str]) -> Sequence[str]:
    """The same text with no more than two ends of lines in a row."""
    kept, ends = [], 0
    for stretch in stretches:
        if "\n" in stretch:
            stretch, ends = _after(ends, stretch)
        elif stretch:
            ends = 0
        kept.append(stretch)
    return kept


@lru_cache(maxsize=4096)
def _after(ends: int, stretch: str) -> tuple[str, int]:
    """The stretch as it goes on after so many ends of lines, and with how many it ends."""
    joined = _GAP.sub("\n\n", "\n" * ends + stretch)
    rest = joined[ends:]
    return rest, len(joined) - len(joined.rstrip("\n"))
