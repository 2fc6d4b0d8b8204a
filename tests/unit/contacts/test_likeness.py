"""Spellings by which two records of one person are found."""

from __future__ import annotations

import pytest

from engage.contacts.likeness import mailbox_of, name_of


@pytest.mark.parametrize(("one", "other"), [
    ("Ana.Novak@gmail.com", "ananovak+shop@googlemail.com"), ("ana+x@example.com", "ANA@example.com"),
])
def test_one_mailbox_has_many_addresses(one: str, other: str) -> None:
    assert mailbox_of(one) == mailbox_of(other)


def test_dots_tell_mailboxes_apart_but_for_gmail() -> None:
    assert mailbox_of("a.b@example.com") != mailbox_of("ab@example.com")
    assert mailbox_of("+x@example.com") == "+x@example.com"


@pytest.mark.parametrize(("one", "other"), [
    (("Ana", "Novak"), ("NOVAK", "ana")), (("Žiga", "Šček"), ("Ziga", "Scek")), (("Оксана", "Шевченко"), ("Oksana", "Shevchenko")),
    (("Юлія", "Коваль"), ("Yuliia", "Koval")), (("Євген", "Гнатюк"), ("Yevhen", "Hnatiuk")),
    (("Олексій", "Мельник"), ("Oleksiy", "Melnyk")),
    (("Михаил", "Хохлов"), ("Mikhail", "Khokhlov")),
    (("Łukasz", "Gałązka"), ("Lukasz", "Galazka")), (("Γιώργος", "Παππάς"), ("Giorgos", "Pappas")),
    (("Jürgen", "Groß"), ("Jurgen", "Gross")),
    (("Дилноза", "Каримова"), ("Dilnoza", "Karimova")),
])
def test_a_name_is_the_same_in_other_letters(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert name_of(*one) == name_of(*other)


def test_other_people_have_other_names() -> None:
    names = (("Ana", "Novak"), ("Anja", "Novak"), ("Iva", "Novak"), ("Ivan", "Novak"), ("美咲", "田中"))
    assert len({name_of(*name) for name in names}) == 5
    assert name_of(None, "") == ""
