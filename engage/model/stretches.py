"""A text that remembers of what it was joined: the same template's letters share most of their stretches, one object for all of them.

Whoever encodes a letter can then encode what is common to all once. A text is a text with or without it: what is cut,
replaced or read from a file has no stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final


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
