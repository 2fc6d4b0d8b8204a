"""How bad a bounce is: the provider's word or enhanced status code (RFC 3463) -> what it means for the address. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

FULL_TIMES, FULL_WITHIN = 3, timedelta(days=30)
"""A mailbox that was full so often in that time is one that nobody reads: its address is suppressed."""

_BAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, no such domain, not an address, moved away, null MX, disabled. The other 5.1.x speak of the sender."""


class Severity(StrEnum):
    """HARD: the address will never work. FULL: its mailbox has no room. BLOCKED: we are refused, not the person. SOFT: the rest."""

    HARD = "hard"
    FULL = "full"
    BLOCKED = "blocked"
    SOFT = "soft"


def severity(reason: str | None) -> Severity:
    """What a reason comes to; without one the provider gave the message up, and nothing excuses the address."""
    if reason is None or reason in _BAD_ADDRESS:
        return Severity.HARD
    if reason[1:] == ".2.2":
        return Severity.FULL
    if reason.startswith("5.7."):
        return Severity.BLOCKED
    return Severity(reason) if reason in {each.value for each in Severity} else Severity.SOFT
