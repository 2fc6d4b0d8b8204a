"""Files that a disk, a mail server or somebody hostile has damaged are refused in words, whatever bytes are wrong."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from engage.contacts.reading import look_at
from engage.model.errors import InputError
from tests.unit.contacts.workbooks import a_workbook, number, text

PLACES = 100


def damaged(content: bytes) -> Iterator[bytes]:
    """The file with one byte wrong, some forty bytes gone, or its end cut off: at a hundred places each."""
    for place in range(0, len(content), max(1, len(content) // PLACES)):
        yield content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1:]
        yield content[:place] + bytes([content[place] ^ 0x04]) + content[place + 1:]
        yield content[:place] + content[place + 40:]
        yield content[:place]


def refused(path: Path) -> bool:
    """Whether it was, in words; any other error goes on to the test."""
    try:
        rows = list(look_at(path, is_known=lambda _: True).rows())
    except InputError:
        return True
    return any(row.trouble for row in rows)


def packed() -> bytes:
    return gzip.compress("".join(f"{number},a{number * 7919 % 1000}@example.com\n" for number in range(500)).encode())


def workbook(path: Path) -> bytes:
    rows = (text(f"a{each}@example.com") + number(str(40_000 + each), style=1) for each in range(300))
    return a_workbook(path, text("email") + text("birth_date"), *rows).read_bytes()


@pytest.mark.parametrize("kind", ["gzip", "xlsx"])
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "people"
    whole = packed() if kind == "gzip" else workbook(path)
    found = []
    for content in damaged(whole):
        path.write_bytes(content)
        found.append(refused(path))
    assert sum(found) > 2 * PLACES


@pytest.mark.parametrize("days", ["1e308", "inf", "nan", "9" * 400])
def test_a_day_beyond_all_days_is_no_date(tmp_path: Path, days: str) -> None:
    path = a_workbook(tmp_path / "people.xlsx", text("email") + text("birth_date"), text("a@example.com") + number(days, style=1))
    assert refused(path)
