"""Texts of many letters in a row are each read back as they were, and small where they are alike."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as some

from engage.model.history import Kind, Touch
from engage.model.stretches import Stretches
from engage.store.rows.kept_texts import LETTERS, letters_in, packed
from tests.builders import NOON

TEXTS = some.text(max_size=40)


def sent(delivery_id: int, locale: str = "en", **private: object) -> Touch:
    return Touch(at=NOON, contact_id=delivery_id, kind=Kind.SENT, delivery_id=delivery_id, locale=locale, private=private)


def read(touches: Sequence[Touch]) -> dict[int, object]:
    return {key: letter for each in packed(touches) for key, letter in letters_in(each.body).items()}


@given(some.dictionaries(some.integers(1, 10**12), some.tuples(TEXTS, TEXTS, some.sampled_from(["en", "sl"])), max_size=3))
def test_each_is_read_back_as_it_was_whatever_is_in_it(letters: dict[int, tuple[str, str, str]]) -> None:
    touches = [sent(id_, locale, text=text, html=Stretches.joined([page, "\n"])) for id_, (text, page, locale) in letters.items()]
    assert read(touches) == {id_: {"text": text, "html": f"{page}\n"} for id_, (text, page, _) in letters.items()}


def test_a_row_says_of_which_deliveries_its_letters_are_and_holds_so_many_at_most() -> None:
    touches = [sent(number, text=str(number)) for number in range(1, 2 * LETTERS + 2)]
    rows = list(packed(touches))
    assert [len(row.delivery_ids) for row in rows] == [LETTERS, LETTERS, 1]
    assert all(list(letters_in(row.body)) == list(row.delivery_ids) for row in rows)


def test_of_a_row_those_alone_are_put_together_again_that_are_asked_for() -> None:
    (row,) = packed([sent(number, text=str(number)) for number in range(1, LETTERS + 1)])
    assert letters_in(row.body, of={7, 9, LETTERS + 1}) == {7: {"text": "7"}, 9: {"text": "9"}}


def test_of_a_message_without_a_text_nothing_is_kept() -> None:
    assert list(packed([sent(1)])) == []
    assert read([sent(1), sent(2, text="b")]) == {2: {"text": "b"}}


def test_letters_that_are_alike_take_a_fraction_of_their_length() -> None:
    page = "".join(f"<p>{number ** 7}</p>" for number in range(200))
    (row,) = packed([sent(number, html=f"{page} for {number}") for number in range(1, LETTERS + 1)])
    assert len(row.body) < len(page) * LETTERS / 15


def test_letters_in_two_languages_stand_apart() -> None:
    (row,) = packed([sent(1, "sl", text="a"), sent(2, "en", text="b"), sent(3, "sl", text="c")])
    assert list(row.delivery_ids) == [2, 1, 3]
