"""The rows of a file, read and understood, by the batch: as `engage.contacts.importing` takes them to be stored.

Most of a long file tells of people whom nobody knows yet. Such a batch may come laid out, as the store takes it (`ports.Newcomers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

from engage.contacts.ports import Person
from engage.contacts.reading import Row, Source
from engage.contacts.telling import RowReader, Told

BATCH = 2_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What each row tells, in order; and the `row` itself by its place: one that is refused is written down as it was."""

    told: Sequence[Told]
    row: Callable[[int], Row]

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.told)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LaidBatch:
    """A batch laid out: its `people`, and what the report says of it. `whole` gives the batch itself, once; then it is to be stored so."""

    rows: int
    people: bytes
    refused: Sequence[tuple[Row, str]]
    notes: Sequence[str]
    whole: Callable[[], Batch]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A file to read, and who understands its rows."""

    source: Source
    reader: RowReader

    def batches(self) -> Iterator[Batch]:
        """All of it. Raises InputError where the file cannot be read on."""
        rows = self.source.rows()
        while batch := tuple(islice(rows, BATCH)):
            yield Batch(told=[_told(row, self.reader) for row in batch], row=batch.__getitem__)


def _told(row: Row, reader: RowReader) -> Told:
    return Told(person=Person(attributes={}), troubles=(row.trouble,)) if row.trouble else reader.read(row.values)
