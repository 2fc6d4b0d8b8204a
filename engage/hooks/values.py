"""Values as other systems write them: numbers for text, seconds or milliseconds for moments, lists cut by commas. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LATEST_SECOND = 10_000_000_000
"""A number beyond it counts milliseconds."""

_DIGITS = re.compile(r"\d{9,16}(\.\d{1,9})?", re.ASCII)


def text(value: object) -> str | None:
    """A text, or a whole number as one, trimmed; None for what is empty or something else."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def record(value: object) -> Mapping[str, Any]:
    """The value where it is a map; an empty one otherwise."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Mapping[str, Any]]:
    """The maps of a list, or the one that is no list."""
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]


def first(records: Iterable[Mapping[str, Any]], *names: str) -> str | None:
    """The first text that stands under one of the names, asked in their order of each record in turn."""
    return next((found for each in records for name in names if (found := text(each.get(name))) is not None), None)


def moment(value: object) -> datetime | None:
    """A moment written as seconds or milliseconds since 1970, by ISO 8601 (UTC, where no offset stands), or as in a mail; else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _since_1970(float(value))
    written = text(value)
    if written is None:
        return None
    if _DIGITS.fullmatch(written):
        return _since_1970(float(written))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(written)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def words(value: object) -> list[str]:
    """A list of words: as it is, or cut at commas, else at spaces."""
    if isinstance(value, list):
        return [found for each in value if (found := text(each)) is not None]
    written = text(value) or ""
    return [each.strip() for each in (written.split(",") if "," in written else written.split()) if each.strip()]


def _since_1970(number: float) -> datetime | None:
    if not math.isfinite(number) or number <= 0:
        return None
    try:
        return datetime.fromtimestamp(number / 1_000 if number > LATEST_SECOND else number, UTC)
    except (OverflowError, OSError, ValueError):
        return None
