"""STOP, HELP and START: whole messages only, in whatever language and spelling."""

from __future__ import annotations

import tomllib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.feedback.words import LONGEST, Word, word_of

LANGUAGES = tomllib.loads(resources.files("engage.feedback").joinpath("words.toml").read_text("utf-8"))["language"]
LISTED = [(language["tag"], Word(kind), word) for language in LANGUAGES for kind in ("stop", "help", "start") for word in language[kind]]


@pytest.mark.parametrize(
    "text",
    [
        "stop", "STOP", "Stop.", "STOP!!!", " stop \n", "“Stop”", "(stop)", "S.T.O.P.", "s t o p", "ＳＴＯＰ", "stop 🛑", "🛑",
        "s\u200btop", "st\u00adop", "\u202estop\u202c", "stop stop stop", "opt-out", "OptOut", "opt out", "Arrêt", "ARRET", "arre\u0302t",
        "Стоп!", "СТОП", "توقف", "تَوَقَّف", "توقف.", "停止", "停止。", "退订", "İPTAL", "iptal", "ODJAVA", "Afmelden", "to‘xtat",
        "TOʻXTAT", "to'xtat", "הסר", "रोकें", "หยุด", "중지", "ストップ", "ｽﾄｯﾌﾟ", "σταμάτα", "ΣΤΑΜΑΤΑ", "Désabonner", "dừng", "DUNG",
    ],
)  # fmt: skip
def test_a_message_that_is_nothing_but_the_word_is_a_stop(text: str) -> None:
    assert word_of(text) is Word.STOP


@pytest.mark.parametrize(
    "text",
    [
        "I can't stop smiling", "Don't stop", "stop it, you two", "stopping by tomorrow", "bus stop", "nonstop", "stop me if you know it",
        "The end of the story", "Cancel my order 77", "please help me with this", "info about shoes", "start at nine", "yes", "no", "ok",
        "Je ne peux pas m'arrêter de sourire", "не останавливайся", "لا تتوقف عن الابتسام", "别停止", "seis", "red", "", " ",
        "st", "op", "stop" + "x" * 200, "Acha", "Peru", "👍", "?", "unstoppable", "5",
    ],
)  # fmt: skip
def test_a_message_that_says_more_or_something_else_is_none_of_the_words(text: str) -> None:
    assert word_of(text) is None


def test_every_listed_word_is_found_in_any_case_and_without_its_accents() -> None:
    for tag, kind, word in LISTED:
        bare = "".join(sign for sign in unicodedata.normalize("NFD", word) if not "\u0300" <= sign <= "\u036f")
        found = {word_of(spelt) for spelt in (word, word.upper(), word.capitalize(), f"{word}!", unicodedata.normalize("NFD", word), bare)}
        assert found in ({kind}, {Word.STOP}), (tag, word)


def test_each_language_has_its_words_and_says_where_they_are_from() -> None:
    assert len(LANGUAGES) >= 60
    assert [language["tag"] for language in LANGUAGES if not (language["stop"] and language["help"] and language["source"].strip())] == []
    assert len({language["tag"] for language in LANGUAGES}) == len(LANGUAGES)


@given(st.text(max_size=2 * LONGEST))
def test_no_text_breaks_it(text: str) -> None:
    assert word_of(text) in {None, *Word}


@given(st.text("abcdefghij ,.'", min_size=1, max_size=20), st.sampled_from([word for _, kind, word in LISTED if kind is Word.STOP]))
def test_a_word_with_anything_beside_it_is_an_answer(more: str, word: str) -> None:
    assert word_of(f"{word} qqq {more}") is None
