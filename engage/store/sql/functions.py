"""Functions that SQLite lacks, or has otherwise than Python: given to each of its connections, all deterministic."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engage.rules.expressions.functions import lower


def _lower(text: str | None) -> str | None:
    return None if text is None else lower(text)


FUNCTIONS: Mapping[str, tuple[int, Callable[[str | None], str | None]]] = {
    "py_lower": (1, _lower),  # SQLite's own changes ASCII only
}
"""Name in SQL: how many arguments (-1: any), and the function."""
