"""Who falls into a share: holdout, split and ramp. The same after re-entry, after a restart, on every machine and in SQL.

A contact's point is a polynomial of its id over the integers modulo a prime, its four coefficients drawn from the SHA-256 of a salt
(Carter and Wegman, "Universal classes of hash functions", 1979: points of four contacts are independent). Both databases compute
it with 64-bit integers alone, and salts that differ give shares that are independent of each other.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

PRIME = 2**31 - 1
"""A Mersenne prime; a product of two numbers below it fits into 63 bits."""

HOLDOUT, SPLIT, RAMP = "holdout", "split", "ramp"
"""What a share is drawn for: what its salt says beside the campaign's own."""

Coefficients = tuple[int, int, int, int]


def coefficients(*salt: str) -> Coefficients:
    """The polynomial of a salt (campaign, role, step), the highest power first."""
    digest = hashlib.sha256("\x1f".join(salt).encode()).digest()
    first, second, third, fourth = (int.from_bytes(digest[start : start + 8]) % PRIME for start in (0, 8, 16, 24))
    return first, second, third, fourth


def point(contact_id: int, salt: Coefficients) -> int:
    """Where a contact falls: a number from 0 up to, and without, `PRIME`."""
    first, second, third, fourth = salt
    number = contact_id % PRIME
    return (((first * number + second) % PRIME * number + third) % PRIME * number + fourth) % PRIME


def bound(share: Fraction) -> int:
    """The points below this number make up the share (0 to 1)."""
    return int(share * PRIME)


def is_in(contact_id: int, share: Fraction, *salt: str) -> bool:
    """Whether a contact falls into the share; a larger share of the same salt holds all of a smaller."""
    return point(contact_id, coefficients(*salt)) < bound(share)


def arm_of(contact_id: int, weights: Sequence[int], *salt: str) -> int:
    """To which of several arms a contact falls, by their weights."""
    total = sum(weights)
    bounds = [bound(Fraction(part, total)) for part in accumulate(weights)]
    return min(bisect_right(bounds, point(contact_id, coefficients(*salt))), len(weights) - 1)


def percent(share: Fraction) -> str:
    """As people write it: `10%`, `0.5%`."""
    return f"{float(share * 100):g}%"
