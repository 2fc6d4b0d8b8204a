"""Batches of rows between two processes, in few bytes and little time: a batch costs some 15 microseconds a row, where pickle takes 50.

Text is carried as it is. What is no text (a date, an amount, the permissions of a row) mostly is what rows before had as well: it is
sent once, and then called by its number.
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, final

from engage.contacts.batches import Batch
from engage.contacts.ports import Person
from engage.contacts.reading import Row
from engage.contacts.telling import Told
from engage.model.contact import Money

REMEMBERED = 100_000
"""So many things are remembered by number, on either side; then both begin anew."""

_PLAIN = frozenset({str, bool, int, float, tuple, type(None)})  # what marshal carries; a tuple is of texts


@final
class Packer:
    """Makes bytes of the batches of one file."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._sent: list[object] = []
        self._new = 0

    def pack(self, batch: Batch) -> bytes:
        """The batch; it can be unpacked after those before it."""
        fresh = len(self._sent) > REMEMBERED
        if fresh:
            self._numbers, self._sent = {}, []
        self._new = len(self._sent)
        told = [self._packed(each) for each in batch.told]
        rows = [(row.line, row.values, row.trouble) for row in map(batch.row, range(len(told)))]
        new = [_written(each) for each in self._sent[self._new:]]
        return marshal.dumps((fresh, new, told, rows))

    def _packed(self, told: Told) -> tuple[object, ...]:
        attributes, others = dict(told.person.attributes), []
        for name, value in attributes.items():
            if type(value) not in _PLAIN:
                attributes[name] = None
                others.append((name, self._number(value)))
        said = self._number(told.person.permissions) if told.person.permissions else None
        return (attributes, others, said, told.troubles, told.notes) if told.troubles or told.notes else (attributes, others, said)

    def _number(self, value: object) -> int:
        """The number by which it is known to both sides. Things are told apart by where they are: equal amounts may be written unlike."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._sent)
            self._sent.append(value)
        return number


@final
class Unpacker:
    """Makes batches of the bytes of a `Packer`, one after the other."""

    def __init__(self) -> None:
        self._known: list[Any] = []

    def unpack(self, packed: bytes) -> Batch:
        """The batch as it was. The bytes must come from a process of our own."""
        fresh, new, told, rows = marshal.loads(packed)  # noqa: S302  # our own
        if fresh:
            self._known = []
        self._known += map(_read, new)
        return Batch(told=[self._unpacked(*each) for each in told], row=partial(_row, rows))

    def _unpacked(
        self, attributes: dict[str, Any], others: Sequence[tuple[str, int]], said: int | None,
        troubles: tuple[str, ...] = (), notes: tuple[str, ...] = (),
    ) -> Told:
        known = self._known
        for name, number in others:
            attributes[name] = known[number]
        person = Person(attributes=attributes) if said is None else Person(attributes=attributes, permissions=known[said])
        return Told(person=person, troubles=troubles, notes=notes)


def _written(value: object) -> object:
    """What marshal carries in the place of a value: what comes often in short."""
    if type(value) is date:
        return value.toordinal()
    if type(value) is Money:
        return str(value.amount), value.currency
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _read(written: Any) -> object:
    """The value again."""
    if type(written) is int:
        return date.fromordinal(written)
    if type(written) is tuple:
        return Money(amount=Decimal(written[0]), currency=written[1])
    return pickle.loads(written)  # noqa: S301  # our own


def _row(rows: Sequence[tuple[int, dict[str, object], str | None]], place: int) -> Row:
    line, values, trouble = rows[place]
    return Row(line=line, values=values, trouble=trouble)
