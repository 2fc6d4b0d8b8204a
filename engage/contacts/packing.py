"""Batches of rows between two processes, in few bytes and little time: some 15 microseconds a row, packed and unpacked.

Text is carried as it is. What is no text (a date, an amount, the permissions of a row) mostly is what rows before had as well: it is
sent once, and then called by its number.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, final

from engage.contacts.batches import Batch
from engage.contacts.ports import Permission, Person
from engage.contacts.reading import Row
from engage.contacts.telling import Told
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Ground, Money

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
    """What marshal carries in the place of a value."""
    match value:
        case datetime():
            return value.isoformat()
        case date():
            return value.toordinal()
        case Money(amount=amount, currency=currency):
            return str(amount), currency
        case Decimal():
            return (str(value),)
        case tuple():
            return [_permitted(each) for each in value]
    raise AssertionError(f"no value of a contact: {value!r}")


def _permitted(told: Permission) -> tuple[object, ...]:
    read = told.wording and (told.wording.purpose, told.wording.locale, told.wording.text)
    return (
        told.purpose, told.channel and told.channel.value, told.granted, told.at and told.at.isoformat(), told.source, told.proof,
        told.ground and told.ground.value, read, told.locale, told.expires_at and told.expires_at.isoformat(),
    )


def _read(written: Any) -> object:
    """The value again."""
    match written:
        case int():
            return date.fromordinal(written)
        case str():
            return datetime.fromisoformat(written)
        case list():
            return tuple(_permission(*each) for each in written)
        case (amount, currency):
            return Money(amount=Decimal(amount), currency=currency)
    return Decimal(*written)


def _permission(
    purpose: str, channel: str | None, granted: bool, at: str | None, source: str, proof: str | None, ground: str | None,
    read: tuple[str, str, str] | None, locale: str | None, expires_at: str | None,
) -> Permission:
    return Permission(
        purpose=purpose, channel=ChannelKind(channel) if channel else None, granted=granted, at=_moment(at), source=source, proof=proof,
        ground=Ground(ground) if ground else None, wording=Wording(purpose=read[0], locale=read[1], text=read[2]) if read else None,
        locale=locale, expires_at=_moment(expires_at),
    )


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _row(rows: Sequence[tuple[int, dict[str, object], str | None]], place: int) -> Row:
    line, values, trouble = rows[place]
    return Row(line=line, values=values, trouble=trouble)
