"""What is told as JSON is read back as it was, by stretches or whole, and can always be encoded."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engage.model.stretches import Stretches
from engage.store.rows.documents import json_text

TEXTS = some.text(some.characters(codec="utf-8"), max_size=30)


@given(some.dictionaries(TEXTS, some.one_of(some.none(), TEXTS, some.lists(TEXTS, max_size=6).map(Stretches.joined)), max_size=4))
def test_texts_are_read_back_as_they_were(value: Mapping[str, str | None]) -> None:
    said = json_text(value)
    assert json.loads(said.encode()) == value


def test_a_page_of_cyrillic_stands_as_it_is() -> None:
    assert json_text({"html": Stretches.joined(["<p>", "Вітаємо", "\n</p>"]), "text": None}) == '{"html":"<p>Вітаємо\\n</p>","text":null}'


@pytest.mark.parametrize("value", [{"n": 3}, {"text": "a", "blocks": ["b"]}, {}])
def test_what_is_no_text_is_told_as_well(value: Mapping[str, object]) -> None:
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("half", ["\ud83d", Stretches.joined(["a", "\ud83d"])])
def test_half_of_a_pair_can_be_encoded_once_it_is_told(half: str) -> None:
    assert json.loads(json_text({"text": half, "subject": "Ж"}).encode()) == {"text": half, "subject": "Ж"}
