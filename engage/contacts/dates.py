"""Dates as a file writes them, where the user says how (`--dates dd.mm.yyyy`) -> ISO 8601, which is all that is read without being told.

Which of 03/04/1990 is the month, no program can know: guessing would move thousands of birthdays, silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self, final

from engage.model.errors import InputError

_PART = "d{1,2}|m{1,2}|yyyy"
_FORMAT = re.compile(rf"(?P<one>{_PART})(?P<between>[./ -]) ?(?P<two>{_PART})(?P=between) ?(?P<three>{_PART})\.?")
_TIME = r"(?:(?:T| +)(?P<time>\d{1,2}:\d{2}(?::\d{2})?))?"
EXAMPLES = "dd.mm.yyyy, mm/dd/yyyy, d-m-yyyy"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormat:
    """One way of writing a date: the order of day, month and year, and what stands between them."""

    written: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, written: str) -> Self:
        """The format that `dd.mm.yyyy` stands for. Raises InputError."""
        found = _FORMAT.fullmatch(written.strip().lower())
        letters = {found[name][0] for name in ("one", "two", "three")} if found else set()
        if found is None or letters != {"d", "m", "y"}:
            hint = "; a year has four digits, as two do not tell the century" if re.search(r"(?<!y)yy(?!y)", written.lower()) else ""
            raise InputError.of(f"--dates: {written!r} is no form of a date such as {EXAMPLES}{hint}", file="<command line>")
        parts = (rf"(?P<{found[name][0]}>\d{{{4 if found[name] == 'yyyy' else '1,2'}}})" for name in ("one", "two", "three"))
        return cls(written=written, pattern=re.compile((re.escape(found["between"]) + r"\s?").join(parts) + rf"\.?{_TIME}", re.ASCII))

    def iso(self, raw: str) -> str:
        """The same date, with its time where it has one, as ISO 8601 writes it; what is not of this form stays as it is."""
        found = self.pattern.fullmatch(raw.strip())
        if found is None:
            return raw
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat()
        except ValueError:
            return raw
        clock = found["time"]
        return f"{day}T{clock:0>{5 if len(clock) < 6 else 8}}" if clock else day


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormats:
    """How the columns of a file write their dates: some by name, and all others."""

    by_name: Mapping[str, DateFormat]
    default: DateFormat | None = None

    @classmethod
    def of(cls, told: Iterable[str]) -> Self:
        """What `--dates` says: `dd.mm.yyyy` of all columns, `birth_date=mm/dd/yyyy` of one. Raises InputError."""
        named: dict[str, DateFormat] = {}
        default = None
        for one in told:
            name, equals, written = one.rpartition("=")
            if equals:
                named[name] = DateFormat.of(written)
            else:
                default = DateFormat.of(written)
        return cls(by_name=named, default=default)

    def of_attribute(self, name: str) -> DateFormat | None:
        """How the dates of an attribute are written; None: as ISO 8601 has them."""
        return self.by_name.get(name, self.default)
