"""A file of contacts as it comes (CSV of any kind, JSON Lines, XLSX; the first two also in gzip) -> its columns, and its rows one by one.

Encoding and separator are found out; the file is read as a stream, so that its size does not matter.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, final

from engage.contacts.encodings import encoding_of
from engage.contacts.formulas import as_meant
from engage.contacts.sheet_xml import Cell
from engage.contacts.spreadsheets import Workbook
from engage.model.errors import InputError
from engage.model.making import made_often

SEPARATORS = (",", ";", "\t", "|")
CHUNK = 1 << 20
LONGEST_LINE = 4 << 20
MOST_COLUMNS = 2_000
INFLATED = 1 << 30
"""More than this, and a hundred times more than is on the disk, is no list of people but a bomb."""

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)  # what reading a gzip file raises that is cut off or has wrong bytes in it
GZIP, ARCHIVE, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # how files begin: gzip; ZIP, and so XLSX and ODS; old or locked Excel


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a file is written, as far as the user says so: of text its encoding and separator, of a workbook which sheet."""

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `line` is where it begins in the file. `trouble` tells why it cannot be read; `values` is then what could be."""

    line: int
    values: Mapping[str, object] = field(default_factory=dict)
    trouble: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, looked at once: its columns in order, and how it is written. `guessed` tells that the encoding is a guess.

    `length` is about how many rows it has, None where nobody knows; `separator` is None where it is no CSV.
    """

    path: Path
    columns: tuple[str, ...]
    encoding: str
    reads: Callable[[], Iterator[Row]]
    separator: str | None = None
    guessed: bool = False
    length: int | None = None

    def rows(self) -> Iterator[Row]:
        """All rows, in order; may be asked for repeatedly."""
        return self.reads()


def look_at(path: Path, *, is_known: Callable[[str], bool], form: Form | None = None) -> Source:
    """Find out how a file is written. `is_known` tells names of columns apart from text that a wrong separator leaves.

    Raises InputError where the file is not there, is empty, has no usable header, or is in none of the known encodings.
    """
    form = form or Form()
    start = _start(path)
    if start == ARCHIVE:
        return _workbook(path, form)
    if start == OLE:
        raise InputError.of("this is an old or a locked Excel file; save it as XLSX without a password, or as CSV", file=str(path))
    if form.sheet:
        raise InputError.of("--sheet is for workbooks, and this is text", file=str(path))
    encoding, guessed = (form.encoding, False) if form.encoding else encoding_of(partial(_chunks, path), file=str(path))
    first, lines = _looked_through(path, encoding)
    if first.startswith("[") or first == "{":
        raise InputError.of("this is JSON, but not JSON Lines: one object a line and nothing around them", file=str(path), line=1)
    if first.startswith("{"):
        return Source(
            path=path, columns=_json_columns(path, encoding), encoding=encoding, reads=partial(_json_rows, path, encoding),
            guessed=guessed, length=lines,
        )
    separator, columns = _header(path, encoding, is_known, form.separator)
    return Source(
        path=path, columns=columns, encoding=encoding, reads=partial(_csv_rows, path, encoding, separator, columns), separator=separator,
        guessed=guessed, length=lines - 1,
    )


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text whose encoding is found out, with their ends. Raises InputError as `look_at` does."""
    if _start(path) in (ARCHIVE, OLE):
        raise InputError.of("this is a workbook; save it as CSV", file=str(path))
    encoding = encoding_of(partial(_chunks, path), file=str(path))[0]
    _looked_through(path, encoding)
    return _lines(path, encoding)


def _start(path: Path) -> bytes:
    if not path.is_file():
        raise InputError.of("there is no such file", file=str(path))
    with path.open("rb") as file:
        return file.read(4)


def _opened(path: Path) -> IO[bytes]:
    """The file's bytes; of a gzip file those that are packed in it."""
    return gzip.open(path) if _start(path)[:2] == GZIP else path.open("rb")  # type: ignore[return-value]  # a GzipFile is read as any file


def _chunks(path: Path) -> Iterator[bytes]:
    """All of the file. Raises InputError where it is damaged, or blows up to something monstrous."""
    size, read = path.stat().st_size, 0
    try:
        with _opened(path) as file:
            while chunk := file.read(CHUNK):
                read += len(chunk)
                if read > INFLATED and read > 100 * size:
                    raise InputError.of(f"{size} bytes that unpack to more than {read}: this is no list of people", file=str(path))
                yield chunk
    except DAMAGED as error:
        raise InputError.of(f"the gzip file is damaged: {error}", file=str(path)) from error


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines with their ends. Raises InputError for one that no list of people has: it would be held in memory as a whole."""
    with _opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise InputError.of(f"the line is longer than {LONGEST_LINE} characters", file=str(path), line=number)
            yield line


def _looked_through(path: Path, encoding: str) -> tuple[str, int]:
    """The first line that says something, and how many do; all of the file is decoded once, lest a later row stop an import half-way."""
    first, count = "", 0
    try:
        for line in _lines(path, encoding):
            count += not line.isspace()
            first = first or line.strip()
    except (UnicodeError, LookupError) as error:
        raise InputError.of(f"cannot be read as {encoding}: {error}; --encoding names another", file=str(path)) from error
    except DAMAGED as error:
        raise InputError.of(f"the gzip file is damaged: {error}", file=str(path)) from error
    if not first:
        raise InputError.of("the file is empty", file=str(path))
    return first, count


def _header(path: Path, encoding: str, is_known: Callable[[str], bool], told: str | None) -> tuple[str, tuple[str, ...]]:
    """The separator, told, said by Excel (`sep=;`), or that under which most names are known, else which gives most; and the names."""

    def names(separator: str) -> tuple[str, ...]:
        try:
            cells = next((row for row in csv.reader(_said(_lines(path, encoding)), delimiter=separator) if any(map(str.strip, row))), [])
        except csv.Error:
            return ()
        return named(cells)

    first = next(line for line in _lines(path, encoding) if not line.isspace())
    told = told or (first[4] if _is_separator_line(first) else None)
    best = told or max(SEPARATORS, key=lambda separator: (sum(map(is_known, names(separator))), len(names(separator))))
    found = names(best)
    _refuse_bad(found, path)
    return best, found


def named(cells: list[str]) -> tuple[str, ...]:
    """The names of columns: trimmed, without empty ones at the end; an empty one before that is called after its place."""
    trimmed = [unicodedata.normalize("NFC", cell).strip().strip("\ufeff") for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return tuple(name or f"column {place}" for place, name in enumerate(trimmed, start=1))


def _refuse_bad(columns: tuple[str, ...], path: Path) -> None:
    if not columns:
        raise InputError.of("the file has no header: a first line with the names of its columns", file=str(path))
    if len(columns) > MOST_COLUMNS:
        raise InputError.of(f"the file has more than {MOST_COLUMNS} columns", file=str(path))
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InputError.of(f"column {twice!r} is there twice", file=str(path), line=1)


def _is_separator_line(line: str) -> bool:
    """Whether it is the line by which Excel is told the separator."""
    return line.lower().startswith("sep=") and len(line.rstrip("\r\n")) == 5


def _said(lines: Iterator[str]) -> Iterator[str]:
    """The lines; one that only tells the separator is left empty, so that all others keep their numbers."""
    for number, line in enumerate(lines):
        yield "\n" if number == 0 and _is_separator_line(line) else line


def _csv_rows(path: Path, encoding: str, separator: str, columns: tuple[str, ...]) -> Iterator[Row]:
    reader = csv.reader(_said(_lines(path, encoding)), delimiter=separator, strict=True)
    header_seen = False
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(line=line, trouble=f"cannot be read up to line {reader.line_num}: {error}; look for a quote that is not closed")
            continue
        if cells is None:
            return
        if not any(cells) or not any(map(str.strip, cells)):
            continue
        if header_seen:
            yield _row(line, columns, cells)
        header_seen = True


def _row(line: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    if "'" in "".join(cells):
        cells = [as_meant(cell) for cell in cells]
    values = dict(zip(columns, cells, strict=False))
    if len(cells) < len(columns) or any(map(str.strip, cells[len(columns):])):
        return Row(line=line, values=values, trouble=f"has {len(cells)} values where the header has {len(columns)}")
    return Row(line=line, values=values)


def _json_rows(path: Path, encoding: str) -> Iterator[Row]:
    for line, written in enumerate(_lines(path, encoding), start=1):
        if written.isspace():
            continue
        try:
            values = json.loads(written, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            yield Row(line=line, trouble=f"is no JSON: {error}")
            continue
        yield Row(line=line, values=values) if isinstance(values, dict) else Row(line=line, trouble="is no JSON object")


def _json_columns(path: Path, encoding: str) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    for row in _json_rows(path, encoding):
        columns.update(dict.fromkeys(row.values))
        if len(columns) > MOST_COLUMNS:
            raise InputError.of(f"the file has more than {MOST_COLUMNS} names", file=str(path), line=row.line)
    return tuple(columns)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _workbook(path: Path, form: Form) -> Source:
    if form.encoding or form.separator:
        raise InputError.of("--encoding and --separator are for text, and this is a workbook", file=str(path))
    workbook = Workbook(path)
    sheet = workbook.sheet(form.sheet)
    _, header = next(iter(workbook.rows(sheet)), (0, []))
    if trouble := next((cell.trouble for cell in header if cell.trouble), None):
        raise InputError.of(f"the header {trouble}", file=str(path))
    columns = named([cell.text for cell in header])
    _refuse_bad(columns, path)
    return Source(
        path=path, columns=columns, encoding="xlsx", reads=partial(_sheet_rows, workbook, sheet, columns), length=workbook.length(sheet),
    )


def _sheet_rows(workbook: Workbook, sheet: str, columns: tuple[str, ...]) -> Iterator[Row]:
    rows = workbook.rows(sheet)
    next(rows, None)
    for line, cells in rows:
        if cells and cells[0].trouble and len(cells) == 1 and not cells[0].text:
            yield Row(line=line, trouble=cells[0].trouble)
            continue
        yield _sheet_row(line, columns, cells)


def _sheet_row(line: int, columns: tuple[str, ...], cells: list[Cell]) -> Row:
    texts = [cell.text for cell in cells] + [""] * (len(columns) - len(cells))
    row = _row(line, columns, texts)
    troubles = [f"{name}: {cell.trouble}" for name, cell in zip(columns, cells, strict=False) if cell.trouble]
    return Row(line=line, values=row.values, trouble="; ".join(troubles)) if troubles else row
