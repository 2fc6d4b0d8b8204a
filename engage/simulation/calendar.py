"""Lines -> days: what a simulation did on each local day, campaign by campaign; each touch where they are few, counts where many.

A day is the recipients' own: it is told once it has ended everywhere, so that a year need not be kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import final

from engage.model.history import Kind
from engage.simulation.lines import Line

FEW = 12
"""As many touches of one campaign on one day are shown one by one."""

LAST_ZONE = timedelta(hours=14)
"""So long after midnight UTC a local day has ended everywhere, and two hours to spare."""

PASSAGE = frozenset({Kind.ENTERED, Kind.FINISHED})
"""Touches that are counted, but say nothing to whoever looks for what was sent or why not."""


@final
@dataclass(slots=True, kw_only=True)
class Group:
    """What happened alike to many: the same kind, message, channel and reason. `locales` counts the languages."""

    kind: Kind
    message: str | None
    channel: str | None
    reason: str | None
    touches: int = 0
    first: time = time.max
    last: time = time.min
    locales: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Count one more."""
        at = line.local.time()
        self.touches += 1
        self.first, self.last = min(self.first, at), max(self.last, at)
        if line.touch.locale is not None:
            self.locales[line.touch.locale] += 1


@final
@dataclass(slots=True, kw_only=True)
class Chapter:
    """One campaign on one day. `lines` are empty where there were more than a few; `kinds` counts every touch."""

    campaign: str
    kinds: Counter[Kind] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    groups: dict[tuple[Kind, str | None, str | None, str | None], Group] = field(default_factory=dict)

    @property
    def is_few(self) -> bool:
        """Whether each touch is shown."""
        return sum(group.touches for group in self.groups.values()) <= FEW

    def add(self, line: Line, *, everything: bool) -> None:
        """Take one touch in."""
        touch = line.touch
        self.kinds[touch.kind] += 1
        if touch.kind in PASSAGE and not everything:
            return
        key = (touch.kind, touch.message, touch.channel, touch.reason)
        if key not in self.groups:
            self.groups[key] = Group(kind=touch.kind, message=touch.message, channel=touch.channel, reason=touch.reason)
        self.groups[key].add(line)
        if self.is_few:
            self.lines.append(line)
        else:
            self.lines.clear()


@final
@dataclass(slots=True, kw_only=True)
class Day:
    """One local day; its campaigns in the order of their names, what belongs to none (an event, a consent) last."""

    day: date
    chapters: dict[str, Chapter] = field(default_factory=dict)

    def in_order(self) -> Sequence[Chapter]:
        """The campaigns of the day."""
        return sorted(self.chapters.values(), key=lambda chapter: (not chapter.campaign, chapter.campaign))


@final
@dataclass(slots=True, kw_only=True)
class Total:
    """One campaign over all days: every kind of touch, why not, how many different people got something."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    reasons: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    reached: set[int] = field(default_factory=set)

    def add(self, line: Line) -> None:
        """Count one more."""
        touch = line.touch
        self.kinds[touch.kind] += 1
        if touch.reason is not None:
            self.reasons[touch.kind, touch.reason] += 1
        if touch.kind is Kind.SENT and touch.contact_id is not None:
            self.reached.add(touch.contact_id)


@final
class Calendar:
    """Takes lines in the order of their moments, and gives each day once nothing more can come to it."""

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._open: dict[date, Day] = {}
        self.totals: dict[str, Total] = {}

    def days(self, lines: Iterable[Line]) -> Iterator[Day]:
        """The days, in order. `everything`: also that somebody entered and finished."""
        for line in lines:
            yield from self._ended(line.touch.at)
            self._add(line)
        yield from self._ended(None)

    def _add(self, line: Line) -> None:
        campaign, day = line.touch.campaign or "", line.local.date()
        self.totals.setdefault(campaign, Total()).add(line)
        chapters = self._open.setdefault(day, Day(day=day)).chapters
        chapters.setdefault(campaign, Chapter(campaign=campaign)).add(line, everything=self._everything)

    def _ended(self, now: datetime | None) -> Iterator[Day]:
        for day in sorted(self._open):
            if now is None or now.replace(tzinfo=None) >= datetime.combine(day, time()) + timedelta(days=1) + LAST_ZONE:
                yield self._open.pop(day)
