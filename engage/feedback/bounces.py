"""How bad a bounce is: the provider's word or enhanced status code (RFC 3463) -> what it means for the address. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from engage.model.addresses import BAD_ADDRESS

FULL_TIMES, FULL_WITHIN = 3, timedelta(days=30)
"""A mailbox that was full so often in that time is one that nobody reads: its address is suppressed."""


class Severity(StrEnum):
    """HARD: the address will never work. FULL: its mailbox has no room. BLOCKED: we are refused, not the person. SOFT: the rest."""

    HARD = "hard"
    FULL = "full"
    BLOCKED = "blocked"
    SOFT = "soft"


def severity(reason: str | None) -> Severity:
    """What a reason comes to; without one the provider gave the message up, and nothing excuses the address."""
    if reason is None or reason in BAD_ADDRESS:
        return Severity.HARD
    if reason[1:] == ".2.2":
        return Severity.FULL
    if reason.startswith("5.7."):
        return Severity.BLOCKED
    return Severity(reason) if reason in {each.value for each in Severity} else Severity.SOFT
