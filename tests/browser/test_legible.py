"""The measure of legibility finds what it is there to find."""

from __future__ import annotations

from tests.browser.legible import faults
from tests.servers.chromium import Watched

GOOD = "<html lang=en><style>:root { color-scheme: light dark }</style><p>words"
WRONG = ["px wide", "'pale' has a contrast", "'small' is 9", "its language", "'fiddly' is 9 px high"]


def test_a_plain_page_is_legible(reader: Watched, on_the_phone: Watched) -> None:
    for someone in (reader, on_the_phone):
        page = someone.context.new_page()
        page.set_content(GOOD)
        assert faults(page) == []


def test_a_page_is_not_legible_that_is_too_wide_pale_small_or_fiddly(on_the_phone: Watched) -> None:
    page = on_the_phone.context.new_page()
    page.set_content(
        "<style>:root { color-scheme: light dark }</style><p style='width: 500px'>wide<p style='color: #555'>pale"
        "<p style='font-size: 9px'>small<button style='height: 9px; font-size: 12px'>fiddly</button>"
    )
    found = faults(page)
    assert len(found) == len(WRONG)
    assert [word for word, fault in zip(WRONG, found, strict=True) if word in fault] == WRONG
