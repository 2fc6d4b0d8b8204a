"""What many requests ask at once is done at once: while one group is being done the next gathers, and whoever comes alone waits for nobody.

A transaction, a look for newer campaigns and a word to the workers cost as much for a hundred events as for one. So the more there is to
do, the less each of it costs (a group commit).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition
from typing import Generic, TypeVar, final

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@final
class _Asked(Generic[Item, Answer]):
    """What one thread asks. `alone`: it is to do that by itself."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.answers: Sequence[Answer] | None = None
        self.alone = False

    @property
    def is_done(self) -> bool:
        """Whether nobody else has to do anything about it any more."""
        return self.alone or self.answers is not None


@final
class Together(Generic[Item, Answer]):
    """Asked from many threads. `work` does many things, all of them or none, and answers each, in their order; `most` at once.

    Where it raises, each thread does its own things by itself, so that it hears of nobody else's mistake.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._line: list[_Asked[Item, Answer]] = []
        self._is_busy = False
        self._changed = Condition()

    def ask(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Do these, with what others ask meanwhile; the answers, in their order. Raises what `work` raises of these."""
        if not items:
            return ()
        if len(items) >= self._most:
            return self._work(items)
        asked = _Asked[Item, Answer](items)
        with self._changed:
            self._line.append(asked)
        while group := self._turn_of(asked):
            self._do(group)
        return self._work(items) if asked.alone else asked.answers or ()

    def _turn_of(self, asked: _Asked[Item, Answer]) -> Sequence[_Asked[Item, Answer]]:
        """Wait until it is done, which leaves nothing to do; or until nobody does anything, and then take the first in line."""
        with self._changed:
            while self._is_busy and not asked.is_done:
                self._changed.wait()
            if asked.is_done:
                return ()
            self._is_busy = True
            return self._taken()

    def _taken(self) -> Sequence[_Asked[Item, Answer]]:
        """As many of those in line as are done at once; among them, sooner or later, whoever looks."""
        number = size = 0
        while number < len(self._line) and (not number or size + len(self._line[number].items) <= self._most):
            size += len(self._line[number].items)
            number += 1
        group, self._line = self._line[:number], self._line[number:]
        return group

    def _do(self, group: Sequence[_Asked[Item, Answer]]) -> None:
        answers: Sequence[Answer] | None = None
        try:
            answers = self._work([item for asked in group for item in asked.items])
        except Exception:  # noqa: BLE001  # whose it is shows when each does its own
            answers = None
        finally:
            with self._changed:
                at = 0
                for asked in group:
                    if answers is None:
                        asked.alone = True
                    else:
                        asked.answers, at = answers[at:at + len(asked.items)], at + len(asked.items)
                self._is_busy = False
                self._changed.notify_all()
