"""What a spreadsheet would run comes out as text, and back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engage.contacts.columns import understand
from engage.contacts.formulas import as_meant, harmless
from engage.contacts.reading import Row, look_at
from engage.contacts.refused import RefusedRows
from engage.contacts.suppressing import read_addresses
from tests.builders import some_settings

FORMULAS = ("=HYPERLINK(\"http://x\")", "+386 40 123 456", "-12.5", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "\uff1d1")


@given(st.text(alphabet="'=+-@\t\r ab\uff1d"))
@example("'=")
def test_every_text_comes_back_as_it_was_and_begins_no_formula(cell: str) -> None:
    assert as_meant(harmless(cell)) == cell
    assert harmless(cell)[:1] not in {*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"}


def test_an_apostrophe_of_a_name_is_a_part_of_it() -> None:
    assert as_meant("'t Hooft") == harmless("'t Hooft") == "'t Hooft"


@pytest.mark.parametrize("cell", FORMULAS)
def test_refused_rows_hold_no_formula_and_read_as_they_were(tmp_path: Path, cell: str) -> None:
    file = tmp_path / "people.csv.refused.csv"
    columns = understand(("email", "first_name"), {}, some_settings(), file="people.csv")
    with RefusedRows(file, columns, dry_run=False) as refused:
        refused.add(Row(line=2, values={"email": "a@", "first_name": cell}), "=wrong")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        _, written = csv.reader(opened)
    assert [one for one in written if one[:1] not in {"'", "a", "2"}] == []
    (row,) = look_at(file, is_known=lambda name: True).rows()
    assert row.values["first_name"] == cell


def test_a_suppression_list_is_read_as_it_was_written() -> None:
    lines = ["address,reason\n", "'+38640123456,'=1+1\n", "'=x@example.com,\n"]
    (entries, wrong), = read_addresses(lines, reason="imported", keys=False)
    assert wrong == []
    assert [(each.address, each.reason) for each in entries] == [("+38640123456", "=1+1"), ("=x@example.com", "imported")]
