"""The pictures of the pages are there, small, and fetch nothing from anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = sorted({page.parent / path for page in PAGES for path in re.findall(r"!\[[^\]]+\]\(([^):]+)\)", page.read_text(encoding="utf-8"))})
LARGEST = 300_000


def test_pictures_are_shown_and_none_lies_about_unseen() -> None:
    assert set(SHOWN) == set((ROOT / "docs" / "pictures").iterdir())


@pytest.mark.parametrize("picture", SHOWN, ids=lambda path: path.name)
def test_a_picture_is_small_and_complete_in_itself(picture: Path) -> None:
    assert picture.stat().st_size < LARGEST
    if picture.suffix == ".svg":
        assert re.findall(r"url\(\"?https?:|<image|@import|@font-face", picture.read_text(encoding="utf-8")) == []
