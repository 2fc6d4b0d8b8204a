"""Shares with what they are shares of, and how sure one may be of them. Pure.

A share of n has Wilson's score interval; the difference of two has Newcombe's, which is made of theirs (Newcombe, "Interval estimation
for the difference between independent proportions", 1998, method 10): both hold for few people too, where the textbook's do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

Z = 1.959963984540054
"""Of 95 in a hundred."""

Interval = tuple[float, float]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None of none."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Where the rate lies with a certainty of 95 %, by Wilson; None of none."""
        if not self.of:
            return None
        rate, weight = self.count / self.of, Z * Z / self.of
        middle = (rate + weight / 2) / (1 + weight)
        half = Z / (1 + weight) * math.sqrt(rate * (1 - rate) / self.of + weight / (4 * self.of))
        return max(0.0, middle - half), min(1.0, middle + half)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What a campaign did: how much oftener the treated converted than the held out, who got nothing."""

    treated: Share
    held_out: Share

    @property
    def difference(self) -> float | None:
        """Of the two rates; None where one of the groups is empty."""
        treated, held_out = self.treated.rate, self.held_out.rate
        return None if treated is None or held_out is None else treated - held_out

    @property
    def interval(self) -> Interval | None:
        """Where the difference lies with a certainty of 95 %, by Newcombe; where it holds 0, chance alone may have made it."""
        ours, theirs, difference = self.treated.interval, self.held_out.interval, self.difference
        treated, held_out = self.treated.rate, self.held_out.rate
        if ours is None or theirs is None or difference is None or treated is None or held_out is None:
            return None
        below = math.hypot(treated - ours[0], theirs[1] - held_out)
        above = math.hypot(ours[1] - treated, held_out - theirs[0])
        return max(-1.0, difference - below), min(1.0, difference + above)

    @property
    def relative(self) -> float | None:
        """The difference as a share of the rate of the held out; None where nobody of them converted."""
        difference, held_out = self.difference, self.held_out.rate
        return None if difference is None or not held_out else difference / held_out
