"""A file of contacts as it comes (CSV of any common kind, or JSON Lines) -> its columns, and its rows one by one.

Encoding and separator are found out; the file is read as a stream, so that its size does not matter.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from engage.model.errors import InputError

SEPARATORS = (",", ";", "\t", "|")
CHUNK = 1 << 20
ARCHIVE = b"PK\x03\x04"  # how a ZIP file begins, and so an XLSX or ODS

_CENTRAL_EUROPEAN = re.compile(rb"[A-Za-z\xc0-\xff]?[\x8a\x8c\x8d\x8e\x8f\x9a\x9c\x9d\x9e\x9f\xb3\xb9\xbe\xbf][A-Za-z\xc0-\xff]")
"""Bytes that are letters in Windows-1250 (šžśťźłąľż), but in Windows-1252 mostly signs or letters hardly used, within a word."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `line` is where it begins in the file. `trouble` tells why it cannot be read; `values` is then what could be."""

    line: int
    values: Mapping[str, object] = field(default_factory=dict)
    trouble: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, looked at once: its columns in order, and how it is written. `guessed` tells that the encoding is a guess."""

    path: Path
    columns: tuple[str, ...]
    encoding: str
    separator: str | None  # None: JSON Lines
    guessed: bool = False

    def rows(self) -> Iterator[Row]:
        """All rows, in order; may be asked for repeatedly."""
        return _csv_rows(self) if self.separator else _json_rows(self)


def look_at(path: Path, *, is_known: Callable[[str], bool], encoding: str | None = None) -> Source:
    """Find out how a file is written. `is_known` tells names of columns apart from text that a wrong separator leaves.

    Raises InputError where the file is not there, is empty, has no usable header, or is in none of the known encodings.
    """
    if not path.is_file():
        raise InputError.of("there is no such file", file=str(path))
    found, guessed = (encoding, False) if encoding else _encoding(path)
    first = _first_line(path, found)
    if first is None:
        raise InputError.of("the file is empty", file=str(path))
    if first.lstrip().startswith("["):
        raise InputError.of("this is a JSON array; JSON Lines has one object a line and nothing around them", file=str(path), line=1)
    if first.lstrip().startswith("{"):
        columns = _json_columns(path, found)
        return Source(path=path, columns=columns, encoding=found, separator=None, guessed=guessed)
    separator, columns = _header(first, is_known)
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InputError.of(f"column {twice!r} is there twice", file=str(path), line=1)
    return Source(path=path, columns=columns, encoding=found, separator=separator, guessed=guessed)


def _first_line(path: Path, encoding: str) -> str | None:
    """The first line that says something; all of the file is decoded once, so that no later row can stop an import half-way."""
    first = None
    try:
        with path.open(encoding=encoding, newline="") as file:
            for line in file:
                first = line if first is None and line.strip() else first
    except (UnicodeError, LookupError) as error:
        raise InputError.of(f"cannot be read as {encoding}: {error}; --encoding names another", file=str(path)) from error
    return first


def _encoding(path: Path) -> tuple[str, bool]:
    """The encoding by its byte order mark, else UTF-8 where all of the file is, else the likelier one of Windows' two."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    if start.startswith(ARCHIVE):
        raise InputError.of("this is a spreadsheet or an archive, not text; save it as CSV", file=str(path))
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    central = western = 0
    is_utf8 = True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            central += len(_CENTRAL_EUROPEAN.findall(chunk))
            western += sum(chunk.count(byte) for byte in (b"\x81", b"\x83", b"\x88", b"\x90", b"\x98"))  # not in Windows-1250
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
    if is_utf8 and _decodes(decoder, b"", final=True):
        return "utf-8-sig", False
    return ("cp1250" if central and not western else "cp1252"), True


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _header(line: str, is_known: Callable[[str], bool]) -> tuple[str, tuple[str, ...]]:
    """The separator under which most names of the header are known, else the one that gives most columns; and those names."""

    def names(separator: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in next(csv.reader([line], delimiter=separator)))

    best = max(SEPARATORS, key=lambda separator: (sum(map(is_known, names(separator))), len(names(separator))))
    return best, names(best)


def _csv_rows(source: Source) -> Iterator[Row]:
    with source.path.open(encoding=source.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=source.separator or ",", strict=True)
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
            if not any(cell.strip() for cell in cells):
                continue
            if header_seen:
                yield _csv_row(source, line, cells)
            header_seen = True


def _csv_row(source: Source, line: int, cells: list[str]) -> Row:
    if len(cells) != len(source.columns):
        readable = dict(zip(source.columns, cells, strict=False))
        return Row(line=line, values=readable, trouble=f"has {len(cells)} values where the header has {len(source.columns)}")
    return Row(line=line, values=dict(zip(source.columns, cells, strict=True)))


def _json_rows(source: Source) -> Iterator[Row]:
    with source.path.open(encoding=source.encoding) as file:
        for line, written in enumerate(file, start=1):
            if not written.strip():
                continue
            try:
                values = json.loads(written, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                yield Row(line=line, trouble=f"is no JSON: {error}")
                continue
            yield Row(line=line, values=values) if isinstance(values, dict) else Row(line=line, trouble="is no JSON object")


def _json_columns(path: Path, encoding: str) -> tuple[str, ...]:
    source = Source(path=path, columns=(), encoding=encoding, separator=None)
    return tuple(dict.fromkeys(name for row in _json_rows(source) for name in row.values))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")
