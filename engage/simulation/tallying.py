"""Lines of a simulation -> how many people enter, how many messages go, and who is left out why; and two such tallies side by side. Pure.

Over a sample the counts are scaled to all people, with the Wilson score interval of 95 % (E. B. Wilson, "Probable inference, the law of
succession, and statistical inference", 1927): it holds for small counts and for none at all, where the normal one does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import final

from engage.model.history import Kind
from engage.model.under_way import Holding
from engage.simulation.lines import Line

CONFIDENCE = 1.959963984540054
"""The quantile of the normal distribution for 95 %, both sides."""


class Outcome(StrEnum):
    """What is counted."""

    ENTERS = "enters"
    GOES = "goes"
    LEFT_OUT = "left_out"


OUTCOMES: Mapping[Kind, Outcome] = {Kind.ENTERED: Outcome.ENTERS, Kind.SENT: Outcome.GOES} | dict.fromkeys(
    (Kind.NOT_ENTERED, Kind.HELD_OUT, Kind.DEFERRED, Kind.SUPPRESSED, Kind.EXPIRED, Kind.CANCELLED, Kind.FAILED, Kind.UNKNOWN),
    Outcome.LEFT_OUT,
)
"""The kinds of touch that a plan tells of."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """What is counted together. `day` is the recipients' own; `why` the kind of touch and its reason, of those left out."""

    campaign: str
    outcome: Outcome
    why: str = ""
    message: str = ""
    channel: str = ""
    locale: str = ""
    day: date = date.min


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Of how many people how many were looked at."""

    looked_at: int
    people: int

    @property
    def is_whole(self) -> bool:
        """Whether nobody was left aside: the counts are exact."""
        return self.looked_at >= self.people


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How many, of all people; `low` and `high` bound it with 95 % certainty, and are the same number where it is exact."""

    count: int
    low: int
    high: int


NOTHING = Estimate(count=0, low=0, high=0)


@final
@dataclass(slots=True, kw_only=True)
class Tally:
    """What a simulation did, counted: by cell how often, and to whom. `names` are what campaigns are called on the other side."""

    sample: Sample
    names: Mapping[str, str] = field(default_factory=dict)
    counts: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    people: dict[Cell, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, line: Line) -> None:
        """Count one touch, where it is one of those that a plan tells of."""
        touch = line.touch
        outcome = OUTCOMES.get(touch.kind)
        if outcome is None or touch.campaign is None:
            return
        why = ": ".join(filter(None, (touch.kind.value, touch.reason))) if outcome is Outcome.LEFT_OUT else ""
        cell = Cell(
            campaign=self.names.get(touch.campaign, touch.campaign), outcome=outcome, why=why, message=touch.message or "",
            channel=touch.channel or "", locale=touch.locale or "", day=line.local.date(),
        )
        self.counts[cell] += 1
        self.people[cell].add(touch.contact_id or 0)

    def hold(self, held: Holding) -> None:
        """Count a message that waits for people at the end."""
        campaign = self.names.get(held.campaign, held.campaign)
        cell = Cell(campaign=campaign, outcome=Outcome.LEFT_OUT, why=f"held: {held.reason}", message=held.message)
        self.counts[cell] += 1
        self.people[cell].add(held.contact_id)

    def cells(self, *keys: str) -> Mapping[tuple[object, ...], Estimate]:
        """The estimates of the cells that are alike in these keys, such as `campaign` and `day`."""
        counts: dict[tuple[object, ...], int] = defaultdict(int)
        people: dict[tuple[object, ...], set[int]] = defaultdict(set)
        for cell, count in self.counts.items():
            key = tuple(getattr(cell, name) for name in keys)
            counts[key] += count
            people[key] |= self.people[cell]
        return {key: _estimate(count, len(people[key]), self.sample) for key, count in counts.items()}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cell, or cells taken together, on both sides; `before` is NOTHING where there was none."""

    keys: Mapping[str, object]
    before: Estimate
    after: Estimate

    @property
    def difference(self) -> int:
        """How many more than before."""
        return self.after.count - self.before.count


def side_by_side(before: Tally, after: Tally, keys: Sequence[str]) -> Iterator[Row]:
    """Both tallies by these keys, in their order."""
    old, new = before.cells(*keys), after.cells(*keys)
    for key in sorted(old.keys() | new.keys(), key=lambda each: tuple(map(str, each))):
        yield Row(keys=dict(zip(keys, key, strict=True)), before=old.get(key, NOTHING), after=new.get(key, NOTHING))


def _estimate(count: int, people: int, sample: Sample) -> Estimate:
    """Scaled: the share of people by Wilson's interval, times how often each of them was counted."""
    if sample.is_whole or not sample.looked_at:
        return Estimate(count=count, low=count, high=count)
    often = count / people if people else 1.0
    low, high = wilson(people, sample.looked_at)
    scale = often * sample.people
    return Estimate(count=round(count * sample.people / sample.looked_at), low=max(count, round(low * scale)), high=round(high * scale))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The bounds of a share of which `hits` in `of` were seen."""
    share, square = hits / of, CONFIDENCE**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = CONFIDENCE / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)
