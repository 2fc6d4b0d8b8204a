"""`engage import` with all that can be said of a file, and `engage contacts audit`, as somebody types them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.typed import Engage
from tests.unit.contacts.workbooks import a_workbook, number, text


def attributes(engage: Engage, reference: str) -> dict[str, object]:
    (shown,) = engage("contact", "show", reference, "--json").json()
    found = shown["attributes"]
    assert isinstance(found, dict)
    return found


def test_a_file_of_names_the_countrys_numbers_and_its_dates_are_understood(engage: Engage) -> None:
    Path("names.yaml").write_text("E-Mail: email\nTelefon: phone\nGeboren: birth_date\nNotiz: ''\n")
    Path("leute.csv").write_bytes("E-Mail~Telefon~Geboren~Notiz\njö@example.com~0171 3920012~03.04.1990~x\n".encode("cp1252"))
    told = engage(
        "import", "leute.csv", "--mapping", "names.yaml", "--set", "country=Deutschland", "--dates", "dd.mm.yyyy", "--separator", "~",
        "--encoding", "cp1252",
    )
    assert (told.status, told.err) == (0, "")
    assert attributes(engage, "jö@example.com") == {
        "email": "jö@example.com", "phone": "+491713920012", "birth_date": "1990-04-03", "country": "DE",
    }


def test_a_workbook_and_a_packed_file_are_imported_alike(engage: Engage) -> None:
    header = text("external_id") + text("country") + text("phone") + text("birth_date")
    row = text("ana") + text("SI") + number("38640123456") + number("33663", style=1)
    told = engage("import", str(a_workbook(Path("people.xlsx"), header, row, text("bor") + text("Nowhere"))), "--sheet", "People")
    assert told.status == 1
    assert "people.xlsx:3:1: country: there is no country 'Nowhere'" in told.err
    assert Path("people.xlsx.refused.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("bor,Nowhere,,,3,country")
    Path("people.csv.gz").write_bytes(gzip.compress(b"external_id,phone,birth_date\nana,+38640123456,1992-02-29\n"))
    assert "1 row: 0 new, 0 changed, 1 as they were, 0 refused" in engage("import", "people.csv.gz").out


@pytest.mark.parametrize(("options", "told"), [
    (("--separator", "ab"), "is not one character"), (("--sheet", "People"), "--sheet is for workbooks"), (("--set", "x"), "has no `=`"),
    (("--dates", "dd.mm.yy"), "two do not tell the century"), (("--mapping", "none.yaml"), "none.yaml: cannot be read"),
    (("--mapping", "engage.yaml"), "is no list of names"), (("--encoding", "utf-99"), "cannot be read as utf-99"),
    (("--set", "contry=SI"), "did you mean country?"),
])
def test_what_is_said_wrongly_of_a_file_stops_before_its_first_row(engage: Engage, options: tuple[str, ...], told: str) -> None:
    ended = engage("import", "contacts.csv", *options)
    assert (ended.status, told in ended.err) == (1, True), ended.err
    assert engage("contact", "show", "mia").status == 1


def test_an_audit_names_what_is_wrong_and_says_so_by_its_status(engage: Engage) -> None:
    Path("people.csv").write_text("external_id,email,phone,country\na,x@example.com,+38640123456,SI\nb,x+1@example.com,+38640123456,SI\n")
    engage("import", "people.csv")
    told = engage("contacts", "audit", "--check", "duplicates", "--list")
    assert told.status == 1
    assert told.out.splitlines()[:2] == ["duplicates: a = b: the same telephone number", "duplicates: a = b: the same mailbox"]
    found = engage("contacts", "audit", "--json").json()
    assert {"check": "duplicates", "why": "the same mailbox", "contacts": ["a", "b"], "number": 2} in found
    assert engage("contacts", "audit", "--check", "bouncing", "--months", "6").status == 0


def test_a_row_that_no_file_could_hold_is_refused_and_the_others_taken(engage: Engage) -> None:
    rows = [{"external_id": "r1", "first_name": "\ud800"}, {"external_id": "r2", "first_name": "=cmd()", "email": "none"},
            {"external_id": "r3", "first_name": "Ana"}]
    Path("odd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = engage("import", "odd.jsonl", "--json")
    assert (told.status, told.json()[0]["created"], told.json()[0]["refused"]) == (1, 1, 2)
    mended = Path("odd.jsonl.refused.csv").read_text(encoding="utf-8-sig").replace(",none,", ",r2@example.com,")
    assert "'=cmd()" in mended
    Path("mended.csv").write_text(mended)
    assert engage("import", "mended.csv").status == 0
    assert attributes(engage, "r2")["first_name"] == "=cmd()"
