"""Who falls into a share."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import pytest

from engage.model.shares import PRIME, arm_of, coefficients, is_in, point

PEOPLE = range(1, 20_001)


@pytest.mark.parametrize("share", [Fraction(1, 100), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("salt", ["newsletter", "birthday"])
def test_a_share_is_as_large_as_it_says(share: Fraction, salt: str) -> None:
    """Within four standard deviations of the binomial."""
    deviation = float(share * (1 - share) * len(PEOPLE)) ** 0.5
    assert abs(sum(is_in(number, share, salt, "holdout") for number in PEOPLE) - share * len(PEOPLE)) < 4 * deviation


def test_shares_of_other_salts_are_independent() -> None:
    salts = [(campaign, role) for campaign in ("a", "b", "c") for role in ("holdout", "ramp", "split")]
    halves = [{number for number in PEOPLE if is_in(number, Fraction(1, 2), *salt)} for salt in salts]
    for one, other in combinations(halves, 2):
        assert abs(len(one & other) - len(PEOPLE) / 4) < 4 * (3 / 16 * len(PEOPLE)) ** 0.5


def test_a_larger_share_holds_all_of_a_smaller() -> None:
    shares = [{number for number in PEOPLE if is_in(number, Fraction(part, 100), "news", "ramp")} for part in (1, 10, 50, 99)]
    assert all(smaller < larger for smaller, larger in pairwise(shares))


def test_neighbouring_ids_do_not_fall_together() -> None:
    picked = [is_in(number, Fraction(1, 2), "news", "split") for number in PEOPLE]
    alike = sum(one == other for one, other in pairwise(picked))
    assert abs(alike - len(PEOPLE) / 2) < 4 * (len(PEOPLE) / 4) ** 0.5


def test_arms_get_their_weights_and_nobody_changes_arms() -> None:
    arms = [arm_of(number, [1, 2, 1], "news", "split", "2") for number in PEOPLE]
    assert arms == [arm_of(number, [1, 2, 1], "news", "split", "2") for number in PEOPLE]
    for arm, share in ((0, 0.25), (1, 0.5), (2, 0.25)):
        assert abs(arms.count(arm) - share * len(PEOPLE)) < 4 * (share * (1 - share) * len(PEOPLE)) ** 0.5


def test_points_are_what_they_were() -> None:
    """They stand in nobody's database, so that a change of the arithmetic would move people silently."""
    assert coefficients("birthday", "holdout") == PINNED_SALT
    assert [point(number, PINNED_SALT) for number in (1, 2, PRIME + 1, 2**40)] == PINNED_POINTS
    assert point(1, PINNED_SALT) == point(PRIME + 1, PINNED_SALT)


PINNED_SALT = (11848814, 127961251, 409529679, 975063007)
PINNED_POINTS = [1524402751, 253274234, 1524402751, 512782348]
