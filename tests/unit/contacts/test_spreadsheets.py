"""Workbooks are read as somebody would have written them into a CSV file, and hostile ones are refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from engage.contacts.reading import Form, Row, look_at
from engage.model.errors import InputError
from tests.unit.contacts.workbooks import a_workbook, number, text

HEADER = text("email") + text("phone") + text("birth_date")


def rows_of(path: Path, *, sheet: str | None = None) -> list[Row]:
    return list(look_at(path, is_known=lambda _: True, form=Form(sheet=sheet)).rows())


def values_of(path: Path) -> list[list[object]]:
    return [list(row.values.values()) for row in rows_of(path)]


@pytest.mark.parametrize(("cell", "value"), [
    (number("38640123456"), "38640123456"), (number("3.8640123456E10"), "38640123456"), (number("12.5"), "12.5"),
    (number("0.30000000000000004"), "0.3"), (number("1.23456789012346E18"), "1.23456789012346E+18"),
    (number("33663", style=1), "1992-02-29"), (number("33663.375", style=2), "1992-02-29T09:00:00"), (number("1", style=1), "1900-01-01"),
    (number("60", style=1), "1900-02-29"), (number("0.5", style=1), "12:00:00"), ('<c t="b"><v>1</v></c>', "true"),
    ('<c t="str"><f>A1</f><v>of a formula</v></c>', "of a formula"), ('<c t="s"><v>1</v></c>', "Žiga"), ("<c/>", ""),
    ("<c><v></v></c>", ""), ('<c t="str"><f>B1</f><v></v></c>', ""), (text("Ana_x000D_"), "Ana\r"),
    (text("a_x005F_x0041_b_xD83D_"), "a_x0041_b_xD83D_"),
    ('<c t="inlineStr"><is><r><t>ri</t></r><rPh><t>no</t></rPh><r><t>ch</t></r></is></c>', "rich"),
])
def test_a_cell_says_what_a_person_would_have_written(tmp_path: Path, cell: str, value: str) -> None:
    rows = (text("email") + text("x"), text("a@example.com") + cell)
    path = a_workbook(tmp_path / "people.xlsx", *rows, strings=("<t>Ana</t>", "<t>Žiga</t>"))
    assert values_of(path) == [["a@example.com", value]]


def test_days_are_counted_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", text("birth_date"), number("0", style=1) + "", number("32201", style=1), since_1904=True)
    assert values_of(path) == [["1904-01-01"], ["1992-02-29"]]


def test_rows_keep_their_numbers_and_cells_their_columns(tmp_path: Path) -> None:
    late = '<c r="C3" t="inlineStr"><is><t>1992-02-29</t></is></c>'
    assert rows_of(a_workbook(tmp_path / "people.xlsx", HEADER, text(" \u00a0"), late)) == [
        Row(line=3, values={"email": "", "phone": "", "birth_date": "1992-02-29"}),
    ]


def test_errors_and_formulas_that_were_never_worked_out_refuse_their_row(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", HEADER, '<c t="e"><v>#N/A</v></c>', "<c><f>A1</f></c>" + text("1"))
    assert [row.trouble for row in rows_of(path)] == [
        "email: holds the error #N/A", "email: is a formula that was never worked out: open and save the file",
    ]


@pytest.mark.parametrize(("cell", "told"), [
    (number("1990-13"), "could not convert string to float"), ('<c t="s"><v>99</v></c>', "there is no text 99"),
    (number("9e999", style=1), "infinity"), ("<c><f>1+1</f><v></v></c>", "never worked out"),
])
def test_a_cell_that_nobody_can_read_spoils_its_own_row_only(tmp_path: Path, cell: str, told: str) -> None:
    rows = rows_of(a_workbook(tmp_path / "people.xlsx", HEADER, text("a@example.com") + cell, text("b@example.com")))
    assert told in str(rows[0].trouble)
    assert [row.values["email"] for row in rows] == ["a@example.com", "b@example.com"]


def test_the_first_sheet_that_is_shown_is_read_or_the_one_named(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", text("email"), text("a@example.com"), hidden=(text("email"), text("n@example.com")))
    assert [row.values["email"] for row in rows_of(path)] == ["a@example.com"]
    assert [row.values["email"] for row in rows_of(path, sheet="Notes")] == ["n@example.com"]
    with pytest.raises(InputError, match="there is no sheet 'notes' among 'People', 'Notes'"):
        rows_of(path, sheet="notes")


@pytest.mark.parametrize("before", [
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
])
def test_entities_are_never_resolved(tmp_path: Path, before: str) -> None:
    path = a_workbook(tmp_path / "people.xlsx", HEADER, text("a@example.com"), before=before)
    with pytest.raises(InputError, match="declares entities"):
        look_at(path, is_known=lambda _: True)


def test_a_damaged_sheet_tells_from_where_it_cannot_be_read(tmp_path: Path) -> None:
    (first, last) = rows_of(a_workbook(tmp_path / "people.xlsx", HEADER, text("a@example.com"), "<c><v>1</c>"))
    assert first.trouble is None
    assert (last.line, (last.trouble or "")[:28]) == (4, "cannot be read on from here:")


def test_a_cell_of_a_hundred_megabytes_is_not_held_in_memory(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", text("email"), text("a" * 30_000_000))
    tracemalloc.start()
    (row,) = rows_of(path)
    assert "more than 100000 characters" in (row.trouble or "")
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", text("email"), *(text(f"p{place}@example.com") for place in range(20_000)))
    source = look_at(path, is_known=lambda _: True)
    tracemalloc.start()
    assert sum(1 for _ in source.rows()) == source.length == 20_000
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(("begin", "told"), [
    (b"PK\x03\x04 no archive", "the workbook is damaged"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old or a locked Excel file"),
])
def test_what_only_looks_like_a_workbook_is_refused(tmp_path: Path, begin: bytes, told: str) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes(begin)
    with pytest.raises(InputError, match=told):
        look_at(path, is_known=lambda _: True)
