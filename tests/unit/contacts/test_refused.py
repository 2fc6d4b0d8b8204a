"""The file of refused rows is one import's alone while it is written."""

from __future__ import annotations

from pathlib import Path

from engage.contacts.columns import Columns
from engage.contacts.reading import Row
from engage.contacts.refused import RefusedRows

COLUMNS = Columns(attributes={}, consents={}, targets={"Mail": "email"}, circumstances={})


def refusing(path: Path) -> RefusedRows:
    return RefusedRows(path, COLUMNS, dry_run=False)


def test_two_imports_of_one_file_at_once_refuse_into_two(tmp_path: Path) -> None:
    path = tmp_path / "people.csv.refused.csv"
    with refusing(path) as first, refusing(path) as second, refusing(path) as third:
        for line, rows in enumerate((first, second, third, first), start=1):
            rows.add(Row(line=line, values={"Mail": f"{line}@"}), "is no address")
    second_path, third_path = (tmp_path / f"people.csv.refused.{number}.csv" for number in (2, 3))
    assert [rows.written for rows in (first, second, third)] == [path, second_path, third_path]
    told = [each.read_text(encoding="utf-8-sig").splitlines()[1:] for each in (path, second_path, third_path)]
    assert told == [["1@,1,is no address", "4@,4,is no address"], ["2@,2,is no address"], ["3@,3,is no address"]]


def test_a_later_import_begins_the_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "people.csv.refused.csv"
    path.write_bytes(b"a longer one of an earlier import, with much in it\n" * 9)
    with refusing(path) as rows:
        rows.add(Row(line=7, values={"Mail": "x"}), "odd")
    assert path.read_bytes() == b"\xef\xbb\xbfemail,refused_line,refused_reason\r\nx,7,odd\r\n"
