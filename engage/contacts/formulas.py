"""Cells of a CSV file as spreadsheets take them: text that one would work out as a formula -> harmless text, and back to what was meant.

A cell that begins with one of these characters is a formula to Excel and LibreOffice, and what somebody typed into a form would be run by
whoever opens the file (OWASP: CSV injection). An apostrophe before it makes it text; whoever reads the file takes it away again.
"""

from __future__ import annotations

import re

_BEGINS = "=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20"  # the full-width ones are formulas where Japanese is written
_FORMULA = re.compile(rf"'*[{_BEGINS}]")
_DEFUSED = re.compile(rf"'+[{_BEGINS}]")


def harmless(cell: str) -> str:
    """The cell as it may be opened by anybody; `as_meant` gives it back."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_meant(cell: str) -> str:
    """The cell without the apostrophe that keeps it from being a formula; any other apostrophe is a part of the text."""
    return cell[1:] if cell[:1] == "'" and _DEFUSED.match(cell) else cell
