"""Files of addresses that are never written to: CSV, or an address a line -> entries of the suppression list; and back."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from engage.contacts.formulas import as_meant
from engage.contacts.normalise import normalise, text
from engage.contacts.places import Unusable
from engage.contacts.ports import Blocked, Suppression
from engage.contacts.reading import SEPARATORS
from engage.model.addresses import kind_of_reference
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.errors import InputError
from engage.model.values import moment_text

COLUMNS = ("address", "channel", "reason", "at", "key")
"""Of the file that is written; it can be read again."""

ADDRESS_COLUMNS = ("address", "email", "phone")
CHUNK = 2_000

Refusal = tuple[int, str]
"""A line of the file, and why it was not taken."""

_KEY = re.compile(r"[0-9a-f]{64}")


def address(written: str) -> tuple[ChannelKind, str]:
    """The kind of an address, and the address as it is known. Raises InputError."""
    try:
        return _address(written)
    except ValueError as error:
        raise InputError.of(str(error), file="<command line>") from error


def read_addresses(
    lines: Iterable[str], *, reason: str, keys: bool, file: str = "<the file>",
) -> Iterator[tuple[Sequence[Blocked], Sequence[Refusal]]]:
    """The file's entries, a few thousand at a time, and its lines that cannot be read.

    `keys`: rows of hashes alone count too. Raises InputError where the columns say of no address.
    """
    rows = _rows(lines, file)
    while part := list(islice(rows, CHUNK)):
        entries: dict[object, Blocked] = {}
        wrong: list[Refusal] = []
        for line, row in part:
            try:
                entry = _entry(row, reason=reason, keys=keys)
            except (ValueError, Unusable) as error:
                wrong.append((line, str(error)))
            else:
                entries.setdefault((entry.kind, entry.address, entry.key), entry)
        yield list(entries.values()), wrong


def row_of(one: Suppression) -> Mapping[str, str]:
    """One entry as a row of COLUMNS; the address is empty where no contact has it now: only its hash is kept."""
    return {
        "address": one.address or "", "channel": one.channel.value, "reason": one.reason, "at": moment_text(one.at), "key": one.address_key,
    }


def _rows(lines: Iterable[str], file: str) -> Iterator[tuple[int, Mapping[str, str] | csv.Error]]:
    """Each row with its line, or why it cannot be read. A file whose first line is an address has no names of columns."""
    begun = iter(lines)
    names_line = next(begun, "")
    parsed = _parsed(chain([names_line], begun), separator=max(SEPARATORS, key=names_line.count))
    _, first = next(parsed, (1, []))
    if isinstance(first, csv.Error):
        raise InputError.of(f"the first line cannot be read: {first}", file=file, line=1)
    names = [name.strip().lower() for name in first]
    headless = kind_of_reference(as_meant(first[0].strip())) is not None if first else False
    if not headless and not {*ADDRESS_COLUMNS, "key"} & set(names):
        what = f"none of the columns is called {', '.join(ADDRESS_COLUMNS)}; a file without names of columns has an address a line"
        raise InputError.of(what, file=file, line=1)
    if headless:
        names = ["address"]
    for line, row in chain([(1, first)], parsed) if headless else parsed:
        if isinstance(row, csv.Error):
            yield line, row
        elif any(cell.strip() for cell in row):
            yield line, {name: as_meant(cell.strip()) for name, cell in zip(names, row, strict=False)}


def _parsed(lines: Iterable[str], *, separator: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        try:
            row: list[str] | csv.Error | None = next(reader, None)
        except csv.Error as error:
            row = error
        if row is None:
            return
        yield reader.line_num, row


def _entry(row: Mapping[str, str] | csv.Error, *, reason: str, keys: bool) -> Blocked:
    """Raises ValueError or Unusable."""
    if isinstance(row, csv.Error):
        raise ValueError(f"cannot be read: {row}; look for a quote that is not closed")
    why = text(row.get("reason") or reason)
    told = next((row[name] for name in ADDRESS_COLUMNS if row.get(name)), None)
    if told is not None:
        kind, known = _address(told)
        return Blocked(kind=kind, address=known, reason=why)
    if not _KEY.fullmatch(row.get("key", "")):
        raise ValueError("there is no address in it")
    if not keys:
        raise ValueError("it is a hash without its address, which means nothing in another database; --keys takes it")
    if row.get("channel") not in {kind.value for kind in ChannelKind}:
        raise ValueError(f"a hash needs its channel, one of {', '.join(ChannelKind)}")
    return Blocked(kind=ChannelKind(row["channel"]), key=row["key"], reason=why)


def _address(written: str) -> tuple[ChannelKind, str]:
    """Raises ValueError."""
    kind = kind_of_reference(written)
    if kind is None:
        raise ValueError(f"{written!r} is neither a mail address nor a phone number")
    try:
        value = normalise("email" if kind is ChannelKind.EMAIL else "phone", AttributeKind.TEXT, written)
    except Unusable as error:
        raise ValueError(str(error)) from error
    return kind, str(value)
