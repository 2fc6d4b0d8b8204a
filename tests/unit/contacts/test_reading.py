"""Files of contacts are read whatever they were written with."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.contacts.reading import Form, Row, Source, look_at
from engage.model.errors import InputError

KNOWN = {"email", "first_name", "city"}


def source_of(tmp_path: Path, content: bytes, *, name: str = "people.csv", encoding: str | None = None) -> Source:
    path = tmp_path / name
    path.write_bytes(content)
    return look_at(path, is_known=KNOWN.__contains__, form=Form(encoding=encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    text = f"email{separator}first_name\r\nana@example.com{separator}Špela\r\n"
    source = source_of(tmp_path, text.encode(encoding))
    assert (source.columns, source.separator, source.guessed) == (("email", "first_name"), separator, False)
    assert list(source.rows()) == [Row(line=2, values={"email": "ana@example.com", "first_name": "Špela"})]


@pytest.mark.parametrize(("encoding", "name"), [
    ("cp1250", "Žiga Šček"), ("cp1250", "Łukasz Gałązka"), ("cp1252", "Zoë Lefèvre"), ("cp1252", "Jürgen"),
])
def test_an_old_encoding_is_guessed_and_says_so(tmp_path: Path, encoding: str, name: str) -> None:
    source = source_of(tmp_path, f"email,first_name\nana@example.com,{name}\n".encode(encoding))
    assert source.guessed
    assert next(source.rows()).values["first_name"] == name


@pytest.mark.parametrize(("text", "encoding"), [
    ("José;“VIP” – 50 €;Noël…", "cp1252"), ("Anne;l’été – 10 €", "cp1252"), ("Ana;„Žiga“ – šport", "cp1250"),
    ("Юлія;«Київ» – 5 №", "cp1251"), ("Світлана;“Львів”", "cp1251"),
])
def test_marks_around_words_make_no_other_encoding_of_it(tmp_path: Path, text: str, encoding: str) -> None:
    assert source_of(tmp_path, f"email;city;x\n{text}\n".encode(encoding)).encoding == encoding


@pytest.mark.parametrize(("text", "encoding"), [
    ("王小明;臺北市\n陳美玲;高雄", "big5"), ("林志明;中正區\n王大同;板橋", "big5"),
    ("Žiga Šuštaršič;Žiri\nTadej Žnidaršič;Šmarje", "iso-8859-2"),
])
def test_what_would_become_rubbish_is_not_guessed(tmp_path: Path, text: str, encoding: str) -> None:
    with pytest.raises(InputError, match="the encoding cannot be told"):
        source_of(tmp_path, f"email;city\n{text}\n".encode(encoding))


def test_a_named_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    source = source_of(tmp_path, "email,first_name\nana@example.com,Čeh\n".encode("cp1250"), encoding="cp1250")
    assert not source.guessed
    assert next(source.rows()).values["first_name"] == "Čeh"


def test_a_named_encoding_that_does_not_fit_is_refused_before_a_row_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as utf-8"):
        source_of(tmp_path, b"email\n" + b"a@example.com\n" * 10_000 + b"\xe8\n", encoding="utf-8")


def test_a_separator_within_quotes_and_a_line_break_too_belong_to_the_value(tmp_path: Path) -> None:
    source = source_of(tmp_path, b'email;city;first_name\na@example.com;"Novo; mesto";"A\nB"\nb@example.com;;\n')
    assert [(row.line, row.values["city"]) for row in source.rows()] == [(2, "Novo; mesto"), (4, "")]


def test_a_row_of_another_length_keeps_what_can_be_read_and_tells_its_trouble(tmp_path: Path) -> None:
    short, long = source_of(tmp_path, b"email,city\na@example.com\nb@example.com,X,Y\n").rows()
    assert short == Row(line=2, values={"email": "a@example.com"}, trouble="has 1 values where the header has 2")
    assert long.trouble == "has 3 values where the header has 2"


def test_a_stray_quote_spoils_its_own_row_only(tmp_path: Path) -> None:
    rows = list(source_of(tmp_path, b'email,city\n"a"b@example.com,X\nc@example.com,Y\n').rows())
    assert [row.trouble is None for row in rows] == [False, True]
    assert rows[1].values == {"email": "c@example.com", "city": "Y"}


def test_a_quote_that_is_not_closed_tells_which_lines_it_swallowed(tmp_path: Path) -> None:
    (row,) = source_of(tmp_path, b'email,city\na@example.com,"X\nb@example.com,Y\nc@example.com,Z\n').rows()
    assert row.line == 2
    assert "up to line 4" in (row.trouble or "")


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(list(source_of(tmp_path, b"\n\nemail,city\n\n,\na@example.com,X\n\n").rows())) == 1


def test_json_lines_give_each_object_its_line(tmp_path: Path) -> None:
    source = source_of(tmp_path, b'{"email": "a@example.com"}\n\n{"email": "b@example.com", "city": null}\nrubbish\n[1]\n{"email": NaN}\n')
    assert (source.columns, source.separator) == (("email", "city"), None)
    rows = list(source.rows())
    assert [row.line for row in rows] == [1, 3, 4, 5, 6]
    assert [row.trouble is None for row in rows] == [True, True, False, False, False]


@pytest.mark.parametrize(("content", "told"), [
    (b"", "the file is empty"), (b"\n \n", "the file is empty"), (b"email,email\n", "'email' is there twice"),
    (b"PK\x03\x04\x14\x00\x06\x00", "the workbook is damaged"), (b'[{"email": "a@example.com"}]', "one object a line"),
    (b'{\n "email": "a@example.com"\n}\n', "one object a line"),
])
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        source_of(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        look_at(tmp_path / "none.csv", is_known=KNOWN.__contains__)
