"""What one rendering may cost, so that no template can stop the others: counted work, time, memory and output.

The sandbox of Jinja stops neither a loop in a loop nor `"x" * 10**9`. Here every loop, call, filter and joining of text is
charged to a budget, by the size of what it works on, so that the first thing too large is refused before it is made.
"""

from __future__ import annotations

from time import monotonic
from typing import final

from engage.templates.faults import Unprintable

MAX_OUTPUT = 512 * 1024  # characters of one part
MAX_STEPS = 50_000  # turns of loops, calls and filters
MAX_WORK = 16 * 1024 * 1024  # characters and items that these worked on
MAX_SECONDS = 2.0
MAX_RANGE = 10_000
MAX_BITS = 1024  # of a whole number


@final
class Budget:
    """One rendering's allowance, for all of a message's parts together."""

    __slots__ = ("_deadline", "_steps", "_work", "printed")

    def __init__(self) -> None:
        self._steps = 0
        self._work = 0
        self.printed = 0
        self._deadline = monotonic() + MAX_SECONDS  # the machine's clock: it bounds work, it decides nothing about sending

    def spend(self, steps: int, size: int) -> None:
        """Charge so many steps, over so many characters or items. Raises Unprintable when the allowance is used up."""
        self._steps += steps
        self._work += size
        if self._steps > MAX_STEPS or self._work > MAX_WORK:
            raise Unprintable("the template does too much (its loops or texts are too large)")
        if monotonic() > self._deadline:
            raise Unprintable(f"the template took longer than {MAX_SECONDS:g} s")

    def make(self, size: int) -> None:
        """Charge for a text or list of that size, before it is made."""
        if size > MAX_OUTPUT:
            raise Unprintable(f"the template makes a text or list larger than {MAX_OUTPUT // 1024} KB")
        self.spend(1, size)

    def print(self, size: int) -> None:
        """Charge for printing so many characters."""
        self.printed += size
        if self.printed > 4 * MAX_OUTPUT:
            raise Unprintable(f"the template prints more than {MAX_OUTPUT // 1024} KB")
