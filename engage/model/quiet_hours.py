"""The hours in which nobody is written to, as they stand in a workspace, a purpose, a campaign, a send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CountryHours:
    """What one country adds: a window (both or neither of `start`, `end`), days off as weekday numbers (Monday 0), holidays."""

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] | Literal["weekend"] | None = None
    holidays: bool | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """One layer of `quiet_hours`, as written; a key that is None was not written. `[start, end)` in the recipient's wall time.

    Layers are workspace, purpose, campaign, send; each overrides the ones before it key by key. `by_country` is added to
    all of them and never overridden, but by `ignore` of a transactional purpose.
    """

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] | Literal["weekend"] | None = None
    holidays: bool | None = None
    by_country: Mapping[str, CountryHours] = field(default_factory=dict)


QuietHoursLayer = QuietHours | Literal["ignore"] | None
"""`None` says nothing; `"ignore"` sets all earlier layers aside, and a later map starts afresh."""
