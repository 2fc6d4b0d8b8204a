"""Rows that an import refused -> `<file>.refused.csv`, where they can be mended and imported again."""

from __future__ import annotations

import csv
import fcntl
import json
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, final

from engage.contacts.columns import REFUSED_COLUMNS, Columns
from engage.contacts.formulas import harmless
from engage.contacts.normalise import as_text
from engage.contacts.reading import Row


@final
class RefusedRows:
    r"""The file, begun with the first row; its columns have the names after mapping, so that no `--map` is needed the next time.

    UTF-8 with a byte order mark, as spreadsheets expect it, and without a cell that one of them would take for a formula.
    What is no character (half of a surrogate pair, which JSON can hold) is written as `\ud800`.
    """

    def __init__(self, path: Path, columns: Columns, *, dry_run: bool) -> None:
        self._path = path
        self._columns = columns
        self._dry_run = dry_run
        self._open = ExitStack()
        self._writer: Any = None

    @property
    def written(self) -> Path | None:
        """The file, where there was anything to write."""
        return self._path if self._writer else None

    @property
    def left_over(self) -> Path | None:
        """The file, where it is of an earlier import. It stays: somebody may be mending it."""
        return self._path if not self._writer and not self._dry_run and self._path.exists() else None

    def add(self, row: Row, reason: str) -> None:
        """Write one row, with the line where it stood and why it was refused."""
        if self._dry_run:
            return
        names = {name: target for name, target in self._columns.targets.items() if target not in REFUSED_COLUMNS}
        if self._writer is None:
            self._writer = csv.writer(self._opened())
            self._writer.writerow([*names.values(), *REFUSED_COLUMNS])
        cells = [_cell(row.values.get(name, "")) for name in names]
        self._writer.writerow([*map(harmless, cells), row.line, harmless(reason)])

    def _opened(self) -> IO[str]:
        """The first of the files that no other import is writing, emptied."""
        first, number = self._path, 1
        while (file := _claimed(self._path)) is None:
            number += 1
            self._path = first.with_suffix(f".{number}.csv")
        return self._open.enter_context(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()


def _claimed(path: Path) -> IO[str] | None:
    """The file, which is ours as long as it is open; None where it is another's."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)  # emptied only once it is ours
    file = open(descriptor, "w", encoding="utf-8-sig", errors="backslashreplace", newline="")  # noqa: SIM115  # closed by who asked
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    return file


def _cell(value: object) -> str:
    """A cell as it was; JSON's lists and amounts as a CSV file has them."""
    match value:
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return as_text(tuple(value))
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case None:
            return ""
        case _:
            return json.dumps(value, ensure_ascii=False)
