"""Shares as SQL: where a contact falls, word for word as `engage.model.shares` computes it, in 64-bit integers on both databases."""

from __future__ import annotations

from fractions import Fraction

import sqlalchemy as sa

from engage.model.shares import PRIME, bound, coefficients


def is_in_share(contact_id: sa.ColumnElement[int], share: Fraction, *salt: str) -> sa.ColumnElement[bool]:
    """Whether a contact falls into the share of that salt; never NULL."""
    return share_point(contact_id, *salt) < _whole(bound(share))


def share_point(contact_id: sa.ColumnElement[int], *salt: str) -> sa.ColumnElement[int]:
    """The contact's point, from 0 up to, and without, `PRIME`; no product on the way exceeds 62 bits."""
    first, second, third, fourth = map(_whole, coefficients(*salt))
    prime, number = _whole(PRIME), sa.cast(contact_id, sa.BigInteger) % _whole(PRIME)
    return (((first * number + second) % prime * number + third) % prime * number + fourth) % prime


def _whole(number: int) -> sa.ColumnElement[int]:
    """A constant of 64 bits: PostgreSQL would take a smaller type where the number fits into it, and overflow."""
    return sa.cast(sa.literal(number, sa.BigInteger), sa.BigInteger)
