"""What can be wrong with the records of people -> findings: who has gone silent, cannot be reached, or is known twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

SHOWN = 20
"""So many contacts of one finding are named."""


class Check(StrEnum):
    """What is looked for."""

    UNANSWERED = "unanswered"
    BOUNCING = "bouncing"
    NO_ADDRESS = "no_address"
    NO_ZONE = "no_zone"
    NO_CONSENT = "no_consent"
    DUPLICATES = "duplicates"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, about one contact, or about several who may be one person. `contacts` names 20 of the `number` at most."""

    check: Check
    why: str
    contacts: tuple[str, ...]
    number: int = 1


class Audit(Protocol):
    """Looks through all contacts."""

    def findings(self, check: Check, *, since: datetime, now: datetime) -> Iterator[Finding]:
        """What there is to find, one by one: however many there are, a few are in memory.

        `since` is how far back answers and bounces are looked for.
        """
        ...
