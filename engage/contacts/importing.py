"""The import: a file of people -> contacts, merged, normalised, with their consents in the ledger; and a file of those refused.

Safe to repeat: a file imported twice changes nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import final

from engage.contacts.columns import Columns, is_known, understand
from engage.contacts.identity import comparable
from engage.contacts.ports import Fate, People, Person, Stored
from engage.contacts.reading import Row, Source, look_at
from engage.contacts.refused import RefusedRows
from engage.contacts.telling import Told, read_row
from engage.model.contact import IDENTITIES
from engage.model.workspace import Settings

BATCH = 1_000
SHOWN = 100


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that was not taken: the line where it begins, and everything that is wrong with it."""

    line: int
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import came to. `refusals` has the first 100 of the `refused`; all are in `refused_file` (None: there were none).

    `notes` say what was odd, and in how many rows. `passed_over`: undated grants that the ledger knew better.
    """

    file: str
    encoding: str
    encoding_guessed: bool
    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    consents: int = 0
    passed_over: int = 0
    refusals: tuple[Refusal, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    refused_file: Path | None = None


def import_file(
    path: Path, *, people: People, settings: Settings, now: datetime, mapping: Mapping[str, str] | None = None,
    silent: bool = False, dry_run: bool = False, encoding: str | None = None, progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Import a file (CSV or JSON Lines), in batches of 1,000 rows, each committed on its own.

    A `dry_run` writes neither contacts nor the file of refused rows. `progress` is told how many rows more are done. Raises
    InputError where the file or its header cannot be used; then nothing was imported.
    """
    source = look_at(path, is_known=lambda name: is_known(name, settings), encoding=encoding)
    columns = understand(source.columns, mapping or {}, settings, file=str(path))
    tally = _Tally(dry_run=dry_run)
    with RefusedRows(path.with_name(f"{path.name}.refused.csv"), columns, dry_run=dry_run) as refused:
        for rows in _batches(source.rows()):
            told = [_read(row, columns, settings, source=f"import:{path.name}", now=now) for row in rows]
            taken = [one for one in told if not one.troubles]
            stored = iter(people.upsert([one.person for one in taken], now=now, silent=silent, dry_run=dry_run))
            for row, one in zip(rows, told, strict=True):
                reason = tally.count(row, one, None if one.troubles else next(stored))
                if reason:
                    refused.add(row, reason)
            progress(len(rows))
    return tally.report(source, refused_file=refused.written)


def _read(row: Row, columns: Columns, settings: Settings, *, source: str, now: datetime) -> Told:
    if row.trouble:
        return Told(person=Person(attributes={}), troubles=(row.trouble,))
    return read_row(row.values, columns, source=source, now=now, placeholder_dates=settings.guards.placeholder_dates)


def _batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


@final
class _Tally:
    """Counts what became of the rows."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._fates: Counter[Fate] = Counter()
        self._notes: Counter[str] = Counter()
        self._refusals: list[Refusal] = []
        self._consents = self._passed_over = 0
        self._seen: set[tuple[str, str]] = set()

    def count(self, row: Row, told: Told, stored: Stored | None) -> str | None:
        """Count one row; why it was refused, None where it was taken."""
        reason = "; ".join(told.troubles) if stored is None else stored.reason
        if stored is None or stored.fate is Fate.REFUSED:
            self._fates[Fate.REFUSED] += 1
            if len(self._refusals) < SHOWN:
                self._refusals.append(Refusal(line=row.line, reason=reason or ""))
            return reason
        self._notes.update(told.notes)
        self._fates[self._fate(told, stored)] += 1
        self._consents += stored.consents
        self._passed_over += stored.passed_over
        return None

    def report(self, source: Source, *, refused_file: Path | None) -> Report:
        """What it all came to."""
        return Report(
            file=str(source.path), encoding=source.encoding, encoding_guessed=source.guessed, rows=self._fates.total(),
            created=self._fates[Fate.CREATED], changed=self._fates[Fate.CHANGED], unchanged=self._fates[Fate.UNCHANGED],
            refused=self._fates[Fate.REFUSED], consents=self._consents, passed_over=self._passed_over,
            refusals=tuple(self._refusals), notes=dict(self._notes), refused_file=refused_file,
        )

    def _fate(self, told: Told, stored: Stored) -> Fate:
        """In a dry run no batch sees what an earlier one would have made: a person who was in the file before is counted as merged."""
        if not self._dry_run:
            return stored.fate
        values = ((name, comparable(name, told.person.attributes.get(name))) for name in IDENTITIES)
        identities = {(name, value) for name, value in values if value}
        seen = bool(identities & self._seen)
        self._seen |= identities
        return Fate.CHANGED if seen and stored.fate is Fate.CREATED else stored.fate
