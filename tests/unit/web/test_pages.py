"""The phrases of the public pages."""

from __future__ import annotations

import re

import pytest

from engage.web.pages import Pages
from engage.web.pages.colors import ink_on
from engage.web.pages.viewing import as_page

PAGES = Pages()


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", sorted(PAGES.phrases))
def test_a_language_has_every_phrase_with_its_placeholders(language: str) -> None:
    english, own = PAGES.phrases["en"], PAGES.phrases[language]
    assert {key: placeholders(text) for key, text in own.items()} == {key: placeholders(text) for key, text in english.items()}


def test_the_demos_languages_and_the_starters_are_there() -> None:
    assert set(PAGES.phrases) == {"en", "sl", "uk", "uz", "lv", "fil", "ar", "de"}


@pytest.mark.parametrize(("color", "ink"), [
    ("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#1f5fbf", "#ffffff"), ("#ffcc00", "#000000"), ("#0b6e63", "#ffffff"),
])
def test_a_button_is_read_on_any_colour(color: str, ink: str) -> None:
    assert ink_on(color) == ink


@pytest.mark.parametrize(("mail", "page"), [
    ("<p>Hi</p>", '<title>A &lt;b&gt;</title><div role="main"><p>Hi</p></div>'),
    ("<!doctype html>\n<p>Hi", '<!doctype html><title>A &lt;b&gt;</title><div role="main">\n<p>Hi</div>'),
    ("<html lang=sl><head><title> </title></head><body id='a>b'>Hi</body></html>",
     "<html lang=sl><head><title>A &lt;b&gt;</title></head><body id='a>b'><div role=\"main\">Hi</div></body></html>"),
    ("<head><title>Own</title></head><body><main>Hi</main></body>", "<head><title>Own</title></head><body><main>Hi</main></body>"),
])
def test_a_mail_becomes_a_page_with_a_title_and_a_main_part(mail: str, page: str) -> None:
    assert as_page(mail, title="A <b>") == page
