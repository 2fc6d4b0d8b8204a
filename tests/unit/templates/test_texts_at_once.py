"""Threads that make texts of mails at once: each gets the words of its own mail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engage.templates.html import text_of
from engage.templates.placeholders import Held
from engage.templates.sources import Text


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried")
def test_each_thread_gets_the_words_of_its_own_mail() -> None:
    def made(number: int) -> str:
        (text,) = text_of(Held(()), f"<p>mail {number}</p>")
        assert isinstance(text, Text)
        return text.text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(made, range(4000))) == [f"mail {number}\n" for number in range(4000)]
