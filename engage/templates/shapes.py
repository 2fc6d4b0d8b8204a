"""Numbers and dates as Babel writes them, learnt once: a number by the shape that it shares with all of as many digits, a date by
its fields.

Babel takes 10 to 20 microseconds for an amount, because it reads its pattern anew each time. What it writes for 1,111.11 says where
the digits of any such number go, so that each shape is asked of it once; what the shape cannot tell (no number, too many digits) is
asked of it each time. The tests compare both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Literal, final

from babel import dates
from babel.core import Locale

Number = int | float | Decimal
Style = Literal["short", "medium", "long", "full"]

_REMEMBERED = 8192  # days, each of some 120 bytes
_MOST_DIGITS = 15  # before the point
_DIGITS = re.compile(r"\d+")
_FIELD = re.compile(r"%\((\w+)\)s")
_READS = {
    **dict.fromkeys(("d", "dd"), "day"), **dict.fromkeys(("M", "MM", "MMM", "MMMM", "L", "LL", "LLL", "LLLL"), "month"),
    **dict.fromkeys(("y", "yy", "yyyy"), "year"), **dict.fromkeys(("E", "EE", "EEE", "EEEE", "ccc", "cccc"), "weekday"),
}  # fmt: skip
"""Fields of CLDR's date patterns, and what alone each depends on."""

_Shape = tuple[str, tuple[slice, ...]]


@final
class Shapes:
    """One way of writing numbers: `write` asks Babel, which shows from `fewest` to `most` digits after the point."""

    def __init__(self, write: Callable[[Number], str], *, fewest: int, most: int) -> None:
        self._write = write
        self._fewest = fewest
        self._most = most
        self._known: dict[tuple[bool, bool, int, int], _Shape | None] = {}

    def text(self, value: Number) -> str:
        """The number as `write` writes it."""
        if isinstance(value, int):
            text, fraction = str(value), "0" * self._fewest
            negative = text[0] == "-"
            whole = text[1:] if negative else text
        else:
            exact = value if isinstance(value, Decimal) else Decimal(str(value))
            if exact.adjusted() >= _MOST_DIGITS:
                return self._write(value)
            text = f"{exact:.{self._most}f}"
            negative = text[0] == "-"
            whole, _, fraction = (text[1:] if negative else text).partition(".")
            if not whole.isdecimal():  # no number, or infinite
                return self._write(value)
            while len(fraction) > self._fewest and fraction[-1] == "0":
                fraction = fraction[:-1]
        if len(whole) > _MOST_DIGITS:
            return self._write(value)
        key = (negative, whole == "0", len(whole), len(fraction))
        shape = self._known[key] if key in self._known else self._learn(key)
        if shape is None:
            return self._write(value)
        pattern, slices = shape
        digits = whole + fraction
        return pattern % tuple([digits[one] for one in slices])

    def _learn(self, key: tuple[bool, bool, int, int]) -> _Shape | None:
        negative, zero, whole, fraction = key
        sample = ("0" if zero else "1" * whole) + "." + ("1" * fraction or "0")
        text = self._write(Decimal("-" + sample if negative else sample))
        runs = [len(run) for run in _DIGITS.findall(text)]
        ends = [sum(runs[: at + 1]) for at in range(len(runs))]
        told = sum(runs) == whole + fraction
        pattern = _DIGITS.sub("%s", text.replace("%", "%%"))
        shape = (pattern, tuple(slice(end - run, end) for run, end in zip(runs, ends, strict=True))) if told else None
        self._known[key] = shape
        return shape


@final
class DateShape:
    """One style of dates in one language."""

    def __init__(self, style: Style, locale: Locale) -> None:
        self._locale = locale
        self._style = style
        self.texts: dict[date, str] = {}  # of the days that were written so far
        pattern = str(dates.get_date_format(style, locale).format)
        names = _FIELD.findall(pattern)
        self._pattern = _FIELD.sub("%s", pattern)
        self._fields: list[tuple[str, str, dict[int, str]]] | None = None
        if all(name in _READS for name in names) and "%" not in self._pattern.replace("%s", ""):
            self._fields = [(name, _READS[name], {}) for name in names]

    def text(self, value: date) -> str:
        """The day as Babel writes it."""
        text = self.texts.get(value)
        if text is None:
            text = self._written(value)
            if len(self.texts) < _REMEMBERED:
                self.texts[value] = text
        return text

    def _written(self, value: date) -> str:
        if self._fields is None or not 1000 <= value.year <= 9999:
            return str(dates.format_date(value, self._style, self._locale))
        known: list[str] = []
        for name, reads, texts in self._fields:
            part: int = value.weekday() if reads == "weekday" else getattr(value, reads)
            text = texts.get(part)
            if text is None:
                field: Any = dates.DateTimeFormat(value, self._locale)[name]
                text = texts[part] = str(field)
            known.append(text)
        return str(self._pattern % tuple(known))


def plural_key(locale: Locale) -> Callable[[int], int]:
    """For a whole number a smaller one with the same plural form: CLDR's rules look at its last digits, and at whole millions."""
    rules = " ".join(map(str, locale.plural_form.rules.values()))
    divisors = {int(found) for found in re.findall(r"mod (\d+)", rules)}
    others = [int(found) for found in re.findall(r"(?<!mod )\b\d+\b", rules)]
    reducible = divisors <= {10, 100, 1000, 1_000_000} and max(others, default=0) < 1000
    return _reduced if reducible else int


def _reduced(number: int) -> int:
    if number < 1000:
        return number
    return 1_000_000 if number % 1_000_000 == 0 else 1000 + number % 1000
