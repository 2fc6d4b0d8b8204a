"""Spans and wall times as people write them; what they come to in a zone is the work of `engage.model.localtime`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, final

_SPAN = re.compile(r"(?P<sign>[+-]?)(?P<parts>(?:\d{1,6}(?:mo|w|d|h|m|s))+)")
_PART = re.compile(r"(\d+)(mo|w|d|h|m|s)")
_DAY = 24 * 3600
_LONGEST = 100 * 12 * 31
"""In days. The calendar ends with the year 9999, and nothing that people plan comes near it."""

_UNITS = {"h": 3600, "m": 60, "s": 1}


class Clock(Protocol):
    """The business clock: due times, quiet hours, expiry, "today". It can be moved; the machine clock never is."""

    def now(self) -> datetime:
        """The present business moment, aware, in UTC."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """`1mo` is a calendar month (clamped), `3d` and `2w` keep the wall clock, `30m` and `12h` are elapsed time.

    May be negative (`-3d`). Months come first, then days, then seconds.
    """

    months: int = 0
    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """The span that `30m`, `12h`, `3d`, `2w`, `1mo`, `-3d` or `1d12h` means. Raises ValueError."""
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"`{text}` is not a duration; write it like 30m, 12h, 3d, 2w or 1mo")
        sign = -1 if match["sign"] == "-" else 1
        total = dict.fromkeys(("mo", "w", "d", "h", "m", "s"), 0)
        for number, unit in _PART.findall(match["parts"]):
            total[unit] += sign * int(number)
        span = cls(
            months=total["mo"], days=total["w"] * 7 + total["d"], seconds=total["h"] * 3600 + total["m"] * 60 + total["s"],
        )
        if abs(31 * span.months + span.days) + abs(span.seconds) / _DAY > _LONGEST:
            raise ValueError(f"`{text}` is longer than a hundred years")
        return span

    def __neg__(self) -> Duration:
        """As long, the other way."""
        return Duration(months=-self.months, days=-self.days, seconds=-self.seconds)

    @property
    def at_most(self) -> timedelta:
        """Longer than it is in any zone and month: what is further away need not be looked at."""
        return timedelta(days=31 * self.months + self.days + 1, seconds=self.seconds)

    def __str__(self) -> str:
        """As people write it: `24h`, `90s`, `-3d`. `parse` reads it back as the same span."""
        number, unit = next((self.seconds // size, unit) for unit, size in _UNITS.items() if self.seconds % size == 0)
        parts = [f"{abs(count)}{unit}" for count, unit in ((self.months, "mo"), (self.days, "d"), (number, unit)) if count]
        sign = "-" if min(self.months, self.days, self.seconds) < 0 else ""
        return sign + "".join(parts) if parts else "0d"


class EndOfDay(StrEnum):
    """The word that may stand for a duration in `expires`."""

    END_OF_DAY = "end_of_day"


class ZoneSource(StrEnum):
    """Where a contact's time zone was taken from (docs/time.md)."""

    CONTACT = "contact"
    PHONE = "phone"
    COUNTRY = "country"
    WORKSPACE = "workspace"
    BROKEN = "broken"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """The IANA zones in which a contact may live: one where it is known, several where its country has several.

    Empty where the contact's own zone has a name that does not exist (`source` is then BROKEN): nothing may be sent.
    `key` stands for the whole set in the database: an IANA name, `*US` for all zones of a country, `!` for broken.
    """

    key: str
    names: tuple[str, ...]
    source: ZoneSource
