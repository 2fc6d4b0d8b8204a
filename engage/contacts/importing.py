"""The import: a file of people -> contacts, merged, normalised, with their consents in the ledger; and a file of those refused.

Safe to repeat: a file imported twice changes nothing the second time, and one that was cut short goes on where it was.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import final

from engage.contacts.apart import batches_of
from engage.contacts.batches import Batch, LaidBatch, Work
from engage.contacts.columns import CIRCUMSTANCES, Columns, is_known, kinds_of, understand
from engage.contacts.dates import DateFormats
from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.contacts.ports import Brought, Fate, Newcomers, People, Registering, Stored
from engage.contacts.reading import Form, Row, Source, look_at
from engage.contacts.refused import RefusedRows
from engage.contacts.telling import Reading, RowReader, Told
from engage.model.contact import AttributeKind, Value
from engage.model.errors import InputError, nearest
from engage.model.workspace import Settings

SHOWN = 100
IN_HAND = 200_000
"""More objects than the batches in hand are made of: nothing of a row is made in circles, and to look for those costs a fifth more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What the user says of a file: other names for its columns (`mapping`), what its rows have that do not say it themselves
    (`constants`, as written), how it writes dates, and how it is to be read."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: Sequence[str] = ()
    form: Form = field(default_factory=Form)


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

    `left_over` is that file where an earlier import wrote it and this one had nothing to refuse.
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
    left_over: Path | None = None


def import_file(
    path: Path, *, people: People, settings: Settings, now: datetime, told: Instructions | None = None, silent: bool = False,
    dry_run: bool = False, progress: Callable[[int, int | None], None] = lambda done, of: None,
) -> Report:
    """Import a file, in batches of 2,000 rows, each committed on its own.

    A `dry_run` writes neither contacts nor the file of refused rows. `progress` is told how many rows more are done, and of about how
    many in all, where that is known. Raises InputError where the file or its header cannot be used; then nothing was imported.
    """
    told = told or Instructions()
    source = look_at(path, is_known=lambda name: is_known(name, settings), form=told.form)
    columns = understand(source.columns, told.mapping, settings, file=str(path), given=told.constants)
    reading = Reading(
        source=f"import:{path.name}", dates=_dates(told.dates, settings), defaults=_defaults(told.constants, settings),
        circumstances={name: raw for name, raw in told.constants.items() if name in CIRCUMSTANCES},
        placeholder_dates=settings.guards.placeholder_dates,
    )
    work = Work(source=source, reader=_reader(columns, reading, now))
    tally = _Tally()
    with ExitStack() as stack:
        stack.enter_context(_collecting_seldom())
        takes: Registering = stack.enter_context(people.trial()) if dry_run else people
        newcomers = None if dry_run else people.newcomers(now=now, silent=silent)
        refused = stack.enter_context(RefusedRows(path.with_name(f"{path.name}.refused.csv"), columns, dry_run=dry_run))
        for batch in stack.enter_context(batches_of(work, newcomers)):
            for row, reason in _stored(batch, takes, newcomers, tally, now=now, silent=silent):
                tally.refuse(row.line, reason)
                refused.add(row, reason)
            progress(batch.rows, source.length)
    return tally.report(source, refused_file=refused.written, left_over=refused.left_over)


def _stored(
    batch: Batch | LaidBatch, takes: Registering, newcomers: Newcomers | None, tally: _Tally, *, now: datetime, silent: bool,
) -> Sequence[tuple[Row, str]]:
    """Store a batch and count its rows; those that were refused, and why."""
    if isinstance(batch, LaidBatch):
        brought = newcomers.bring_in(batch.people) if newcomers else None
        if brought is not None:
            tally.count_new(brought, batch)
            return batch.refused
        batch = batch.whole()
    stored = iter(takes.upsert([one.person for one in batch.told if not one.troubles], now=now, silent=silent))
    reasons = [tally.count(one, None if one.troubles else next(stored)) for one in batch.told]
    return [(batch.row(place), reason) for place, reason in enumerate(reasons) if reason]


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Garbage in circles is looked for only where there is more of it than what is in hand anyway."""
    before = gc.get_threshold()
    gc.set_threshold(max(IN_HAND, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _reader(columns: Columns, reading: Reading, now: datetime) -> RowReader:
    try:
        return RowReader(columns, reading, now=now)
    except Unusable as error:
        raise InputError.of(f"--set: {error.what}", file="<command line>", suggestion=error.suggestion) from error


def _dates(told: Sequence[str], settings: Settings) -> DateFormats:
    formats = DateFormats.of(told)
    kinds = {**kinds_of(settings), "consent_at": AttributeKind.DATETIME, "consent_expires": AttributeKind.DATETIME}
    known = [name for name, kind in kinds.items() if kind in (AttributeKind.DATE, AttributeKind.DATETIME)]
    for name in formats.by_name:
        if name not in known:
            raise InputError.of(f"--dates: {name!r} is no date of a contact", file="<command line>", suggestion=nearest(name, known))
    return formats


def _defaults(constants: Mapping[str, str], settings: Settings) -> Mapping[str, Value]:
    """The values of `--set`, typed. Raises InputError."""
    kinds = kinds_of(settings)
    found: dict[str, Value] = {}
    for name, raw in constants.items():
        if name in CIRCUMSTANCES:
            continue
        if name not in kinds:
            near = nearest(name, (*kinds, *CIRCUMSTANCES))
            raise InputError.of(f"--set: there is no attribute {name!r}", file="<command line>", suggestion=near)
        try:
            found[name] = normalise(name, kinds[name], raw, country=constants.get("country"))
        except Unusable as error:
            raise InputError.of(f"--set: {name}: {error.what}", file="<command line>", suggestion=error.suggestion) from error
    return {name: value for name, value in found.items() if value is not None}


@final
class _Tally:
    """Counts what became of the rows."""

    def __init__(self) -> None:
        self._fates: Counter[Fate] = Counter()
        self._notes: Counter[str] = Counter()
        self._refusals: list[Refusal] = []
        self._consents = self._passed_over = 0

    def count(self, told: Told, stored: Stored | None) -> str | None:
        """Count one row; why it was refused, None where it was taken."""
        if stored is None or stored.fate is Fate.REFUSED:
            self._fates[Fate.REFUSED] += 1
            return "; ".join(told.troubles) if stored is None else stored.reason
        self._notes.update(told.notes)
        self._fates[stored.fate] += 1
        self._consents += stored.consents
        self._passed_over += stored.passed_over
        return None

    def count_new(self, brought: Brought, batch: LaidBatch) -> None:
        """Count the rows of people who all were new."""
        self._fates[Fate.CREATED] += brought.created
        self._fates[Fate.REFUSED] += len(batch.refused)
        self._notes.update(batch.notes)
        self._consents += brought.consents
        self._passed_over += brought.passed_over

    def refuse(self, line: int, reason: str) -> None:
        """Keep the first of those that were refused."""
        if len(self._refusals) < SHOWN:
            self._refusals.append(Refusal(line=line, reason=reason))

    def report(self, source: Source, *, refused_file: Path | None, left_over: Path | None) -> Report:
        """What it all came to."""
        return Report(
            file=str(source.path), encoding=source.encoding, encoding_guessed=source.guessed, rows=self._fates.total(),
            created=self._fates[Fate.CREATED], changed=self._fates[Fate.CHANGED], unchanged=self._fates[Fate.UNCHANGED],
            refused=self._fates[Fate.REFUSED], consents=self._consents, passed_over=self._passed_over,
            refusals=tuple(self._refusals), notes=dict(self._notes), refused_file=refused_file, left_over=left_over,
        )
