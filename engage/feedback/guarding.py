"""`guards.stop_at`: a campaign of whose last messages too many bounced, or were complained of, pauses by itself and says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Protocol, final

import structlog

from engage.model.history import Kind
from engage.model.shares import percent
from engage.model.workspace import Workspace

LAST = 1_000
"""So many of a campaign's messages are looked at."""

FEWEST = 100
"""Of fewer nothing is concluded; nor of a single bounce or complaint, before there are `LAST` messages."""

WORDS = {Kind.BOUNCED: "bounced", Kind.COMPLAINED: "were complained of"}

log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a campaign's last messages since people last resumed it: how many they are, and how many of them came back."""

    messages: int
    came_back: Mapping[Kind, int] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A campaign that was paused just now, and why."""

    campaign: str
    reason: str


class Tallies(Protocol):
    """What the guard needs of a store."""

    def campaigns_with_news(self, *, after: int) -> tuple[Sequence[str], int]:
        """Campaigns of which something bounced or was complained of after that touch, but for paused ones; and the last such touch."""
        ...

    def tally(self, campaign: str, *, last: int) -> Tally:
        """How the campaign's last messages did; what was refused at its hand-off bounced."""
        ...

    def pause(self, campaign: str, *, reason: str, now: datetime) -> None:
        """Pause it, until people resume it."""
        ...


@final
class Guard:
    """Looks at campaigns of which something came back since it looked last. Any number of them may look at once."""

    def __init__(self, tallies: Tallies, *, workspace: Callable[[], Workspace]) -> None:
        self._tallies = tallies
        self._workspace = workspace
        self._seen = 0

    def look(self, *, now: datetime) -> Sequence[Stopped]:
        """Pause what must be stopped; which campaigns, and why. One query where nothing came back."""
        stop_at = self._workspace().settings.guards.stop_at
        if not stop_at:
            return ()
        campaigns, self._seen = self._tallies.campaigns_with_news(after=self._seen)
        stopped = []
        for campaign in campaigns:
            reason = too_many(self._tallies.tally(campaign, last=LAST), stop_at)
            if reason is not None:
                self._tallies.pause(campaign, reason=reason, now=now)
                log.warning("campaign.stopped", campaign=campaign, reason=reason)
                stopped.append(Stopped(campaign=campaign, reason=reason))
        return stopped


def too_many(tally: Tally, stop_at: Mapping[Kind, Fraction]) -> str | None:
    """Why the campaign must stop, in words for people; None where it may go on."""
    if tally.messages < FEWEST:
        return None
    for kind, share in stop_at.items():
        count = tally.came_back.get(kind, 0)
        if count >= share * tally.messages and (count > 1 or (count and tally.messages >= LAST)):
            return f"stop_at: {count} of its last {tally.messages} messages {WORDS[kind]} ({percent(share)} or more)"
    return None
