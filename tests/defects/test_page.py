"""The page of defects and the tests say the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| .* \| (.*) \|$", re.MULTILINE)
NAME = re.compile(r"`(test_\w+)`")


def test_every_defect_has_a_test_or_says_that_it_has_none_and_every_test_has_its_row() -> None:
    rows = ROW.findall((ROOT / "docs/defects.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _ in rows] == list(range(1, 29))
    assert all(NAME.findall(shown) or shown.startswith("not yet: ") for _, shown in rows)
    named = {name for _, shown in rows for name in NAME.findall(shown)}
    here = _tests("tests/defects") - _tests("tests/defects/test_page.py")
    assert here <= named <= here | _tests("tests/integration")


def _tests(where: str) -> set[str]:
    path = ROOT / where
    files = [path] if path.is_file() else sorted(path.glob("test_*.py"))
    return {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)}
