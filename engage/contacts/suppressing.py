"""Files of addresses that are never written to: CSV, or an address a line -> entries of the suppression list; and back."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from engage.contacts.formulas import as_meant
from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.contacts.ports import Blocked, Suppression
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


def address(text: str) -> tuple[ChannelKind, str]:
    """The kind of an address, and the address as it is known. Raises InputError."""
    try:
        return _address(text)
    except ValueError as error:
        raise InputError.of(str(error), file="<command line>") from error


def read_addresses(lines: Iterable[str], *, reason: str, keys: bool) -> Iterator[tuple[Sequence[Blocked], Sequence[Refusal]]]:
    """The file's entries, a few thousand at a time, and its lines that cannot be read.

    `keys`: rows of hashes alone count too. Raises InputError where the columns say of no address.
    """
    rows = _rows(lines)
    while part := list(islice(rows, CHUNK)):
        entries: dict[object, Blocked] = {}
        wrong: list[Refusal] = []
        for line, row in part:
            try:
                entry = _entry(row, reason=reason, keys=keys)
            except ValueError as error:
                wrong.append((line, str(error)))
            else:
                entries.setdefault((entry.kind, entry.address, entry.key), entry)
        yield list(entries.values()), wrong


def row_of(one: Suppression) -> Mapping[str, str]:
    """One entry as a row of COLUMNS; the address is empty where no contact has it now: only its hash is kept."""
    return {
        "address": one.address or "", "channel": one.channel.value, "reason": one.reason, "at": moment_text(one.at), "key": one.address_key,
    }


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row with its line. A file whose first line is an address has no names of columns."""
    reader = csv.reader(lines)
    first = next(reader, None)
    if first is None:
        return
    names = [name.strip().lower() for name in first]
    headless = kind_of_reference(as_meant(first[0].strip())) is not None if first else False
    if not headless and not {*ADDRESS_COLUMNS, "key"} & set(names):
        what = f"none of the columns is called {', '.join(ADDRESS_COLUMNS)}; a file without names of columns has an address a line"
        raise InputError.of(what, file="<the file>", line=1)
    if headless:
        names = ["address"]
    counted = chain([(1, first)], ((reader.line_num, row) for row in reader)) if headless else ((reader.line_num, row) for row in reader)
    for line, row in counted:
        if any(cell.strip() for cell in row):
            yield line, {name: as_meant(cell.strip()) for name, cell in zip(names, row, strict=False)}


def _entry(row: Mapping[str, str], *, reason: str, keys: bool) -> Blocked:
    """Raises ValueError."""
    why = row.get("reason") or reason
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


def _address(text: str) -> tuple[ChannelKind, str]:
    """Raises ValueError."""
    kind = kind_of_reference(text)
    if kind is None:
        raise ValueError(f"{text!r} is neither a mail address nor a phone number")
    try:
        value = normalise("email" if kind is ChannelKind.EMAIL else "phone", AttributeKind.TEXT, text)
    except Unusable as error:
        raise ValueError(str(error)) from error
    return kind, str(value)
