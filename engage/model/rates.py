"""How fast messages may go: the curve of a provider that is being warmed up, and the domains that mail is counted by. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import final

EVERY_OTHER = "*"
"""Stands, among the rates of domains, for each domain that is not named: each of them by itself."""

WITHOUT_END = 10**9
"""A day's volume beyond which nobody counts: the curve is over, also where it names no full volume."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """How much a provider may be given from day to day, so that mailbox providers come to know it.

    `first_day` messages on the day `since`, each day `growth` times as many as the day before, until a day would have `full`.
    """

    since: date
    first_day: int
    growth: float
    full: int | None = None

    def allowance(self, day: date) -> int | None:
        """The most that may go on that day; 0 before the curve begins, None once it is over."""
        days = (day - self.since).days
        if days < 0:
            return 0
        volume, end = float(self.first_day), self.full or WITHOUT_END
        for _ in range(days):
            volume *= self.growth
            if volume >= end:
                return None
        return None if volume >= end else int(volume)


def domain_of(address: str) -> str:
    """The domain of a mail address, in lower case; empty where there is none (a number, a chat id)."""
    return address.rpartition("@")[2].lower() if "@" in address else ""
