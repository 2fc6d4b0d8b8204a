"""What is under way, counted: runs by where they stand, messages that wait for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """So many active runs of one version of a campaign at one position."""

    campaign: str
    version: str
    position: str
    runs: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One message that waits for people: to resume, to approve, to mend a zone."""

    campaign: str
    message: str
    reason: str
    contact_id: int
