"""What one rendering may cost, so that no template can stop the others: counted work, time, memory and output.

The sandbox of Jinja stops neither a loop in a loop nor `"x" * 10**9`, and nothing can interrupt Python in the middle of one long
operation, in whatever thread it runs. So whatever could grow is charged to a budget before it is made, and no text or list that a
template makes is ever larger than a page may be: every single operation is short then, and between two of them the clock is asked.
What is small, as nearly everything in a letter is, costs nothing but a look at its length.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import final

from engage.templates.faults import Unprintable

MAX_OUTPUT = 512 * 1024  # characters of one part
MAX_STEPS = 50_000  # turns of loops, calls and imports
MAX_WORK = 16 * 1024 * 1024  # characters and items that these worked on
MAX_SECONDS = 2.0
MAX_RANGE = 10_000
MAX_BITS = 1024  # of a whole number
MAX_DEPTH = 30  # of lists in lists
MAX_LISTED = 1_000  # items of a list that is written out
MAX_HEADER = 2_000  # characters of a subject, or of a sender's name and address
MAX_ARGUMENT = 200  # characters of a filter's style, pattern or path
SMALL = 256  # characters or items up to which nothing is charged outside of loops
_EXPRESSION = 4  # the charge of one node of a body that runs again, in characters
_LIST = 16  # of a list, beside its items: lists in lists that double are refused before they are many
_PRINTED = 4 * SMALL  # and of one value that it prints, which may be small, and longer once it is escaped


@final
class Budget:
    """One rendering's allowance, for all of a message's parts together."""

    __slots__ = ("_deadline", "_printed", "_steps", "_work")

    def __init__(self) -> None:
        self._steps = 0
        self._work = 0
        self._printed = 0
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
        self.spend(0, size)

    def print(self, size: int) -> None:
        """Charge for printing so many characters."""
        self._printed += size
        if self._printed > 4 * MAX_OUTPUT:
            raise Unprintable(f"the template prints more than {MAX_OUTPUT // 1024} KB")

    def made(self, value: object) -> object:
        """The text or list, charged for after it was made of something that is no larger than a page. Small texts are free."""
        if isinstance(value, str):
            if len(value) > SMALL:
                self.make(len(value))
        elif isinstance(value, list | tuple | dict):
            self.make(weight(value))
        return value

    def touch(self, value: object, *others: object) -> None:
        """Charge for looking through values. Small texts are free."""
        for one in (value, *others):
            if isinstance(one, str):
                if len(one) > SMALL:
                    self.spend(0, len(one))
            elif isinstance(one, list | tuple | dict):
                self.spend(0, weight(one))


def turn_cost(nodes: int, printed: int, text: int) -> int:
    """What one turn of a loop is charged whose body has so many nodes, prints so many values, and has so many characters of text."""
    return nodes * _EXPRESSION + printed * _PRINTED + text


def weight(value: object, depth: int = 0) -> int:
    """Characters and items of a value, whatever it has in common with others counted each time. Raises Unprintable."""
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return 1
    if depth > MAX_DEPTH:
        raise Unprintable(f"lists may stand in lists, but not {MAX_DEPTH} deep")
    total = _LIST + len(value)
    items = (*value.keys(), *value.values()) if isinstance(value, Mapping) else value
    for item in items:
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, list | tuple | dict):
            total += weight(item, depth + 1)
        if total > MAX_OUTPUT:
            raise Unprintable(f"the template makes a text or list larger than {MAX_OUTPUT // 1024} KB")
    return total
