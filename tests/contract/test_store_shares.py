"""Shares: Python and both databases put every contact at the same point."""

from __future__ import annotations

from fractions import Fraction

import sqlalchemy as sa

from engage.model.shares import PRIME, coefficients, is_in, point
from engage.store.database import Database
from engage.store.sql.shares import is_in_share, share_point

IDS = (
    *range(1, 400), 2**31 - 3, 2**31 - 2, 2**31 - 1, 2**31, 2**31 + 1, 2**32, 2**32 + 1, 2**40 + 12345, 2 * PRIME, 3 * PRIME - 1,
    2**62 + 7, 2**63 - 1,
)
SALTS = (("birthday", "holdout"), ("birthday", "ramp"), ("novice", "split", "3"), ("", ""), ("Ž\U0001f600", "holdout"))


def asked(database: Database, expression: sa.ColumnElement[object]) -> list[object]:
    """The expression of each id, in the order of the ids."""
    with database.read() as connection:
        return [connection.scalar(sa.select(expression), {"contact_id": each}) for each in IDS]


def test_the_databases_put_a_contact_where_python_does(database: Database) -> None:
    for salt in SALTS:
        found = asked(database, share_point(sa.bindparam("contact_id", type_=sa.BigInteger), *salt))
        assert found == [point(each, coefficients(*salt)) for each in IDS]


def test_the_databases_ask_for_a_share_as_python_does(database: Database) -> None:
    for share in (Fraction(0), Fraction(1, 10), Fraction(1, 3), Fraction(1)):
        found = asked(database, is_in_share(sa.bindparam("contact_id", type_=sa.BigInteger), share, "birthday", "holdout"))
        assert [bool(each) for each in found] == [is_in(each, share, "birthday", "holdout") for each in IDS]
