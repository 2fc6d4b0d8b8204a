"""What feedback needs of a store: one transaction over any number of responses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from engage.feedback.consequences import Consequences, Known
from engage.feedback.responses import Response
from engage.model.letter import Letter


class Transaction(Protocol):
    """Open until the block ends; then committed together, or not at all where it raises."""

    def letters(self, responses: Sequence[Response]) -> Sequence[Letter | None]:
        """The message that each response is about, from the moment its hand-off began; None: there is none.

        Their contacts are locked until the transaction ends, so that what is told twice at once is written once.
        """
        ...

    def known(self, letter: Letter) -> Known:
        """What came back of it before, what this transaction wrote included."""
        ...

    def write(self, new: Consequences) -> None:
        """Write the touch, the event as one to be drawn, the suppression, and the line of the ledger with its touch."""
        ...


class Store(Protocol):
    """Where what comes back is written."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One transaction."""
        ...
