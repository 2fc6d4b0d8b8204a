"""Made-up people by the million, straight in the database: spread over zones, countries, plans and birthdays, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from engage.model.localtime import zone_names
from engage.store.schema.columns import Instant

PLANS = 10
"""One in so many has the plan `pro`."""

TIERS = 100
"""The tier of a contact is a number below this; each is that of as many people."""

NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)",
    "postgresql": "WITH numbers AS (SELECT n FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n)",
}
BORN = {
    "sqlite": "date('1950-01-01', '+' || (n * 7919 % 18262) || ' days')",
    "postgresql": "to_char(date '1950-01-01' + CAST(n * 7919 % 18262 AS integer), 'YYYY-MM-DD')",
}
ATTRIBUTES = {
    "sqlite": "json_object('birth_date', {born}, 'plan', {plan}, 'tier', n % {tiers})",
    "postgresql": "jsonb_build_object('birth_date', {born}, 'plan', {plan}, 'tier', n % {tiers})",
}


def zones(number: int) -> Sequence[str]:
    """So many zones."""
    return list(islice((name for name in sorted(zone_names()) if "/" in name), number))


def add_people(connection: sa.Connection, number: int, *, in_zones: Sequence[str], known_at: datetime, first: int = 1) -> None:
    """Insert so many contacts (`c1`, `c2`, …) with their birth dates. Their address keys are no hashes: nothing is sent to them."""
    dialect = connection.dialect.name
    born = BORN[dialect]
    attributes = ATTRIBUTES[dialect].format(born=born, plan=f"CASE WHEN n % {PLANS} = 0 THEN 'pro' ELSE 'free' END", tiers=TIERS)
    names = ", ".join(f"({place}, '{zone}')" for place, zone in enumerate(in_zones))
    table = f", zones(place, name) AS (VALUES {names})"
    people = f"""
        INSERT INTO contacts (external_id, email, email_key, status, country, timezone, zone_key, zone_source, attributes,
                              known_at, changed_at, written_at, quietly)
        {NUMBERS[dialect]}{table}
        SELECT 'c' || n, 'c' || n || '@example.com', 'key' || n, 'active', 'SI', name, name, 'contact', {attributes},
               :known_at, :known_at, :known_at, {'false' if dialect == 'postgresql' else '0'}
        FROM numbers JOIN zones ON place = n % {len(in_zones)} ORDER BY n"""  # noqa: S608  # our own names and numbers alone
    moment = sa.bindparam("known_at", known_at, Instant)
    connection.execute(sa.text(people).bindparams(moment), {"first": first, "last": first + number - 1})
    day = "attributes ->> 'birth_date'"
    parts = (f"CAST(substr({day}, {start}, {length}) AS integer)" for start, length in ((1, 4), (6, 2), (9, 2)))
    connection.execute(sa.text(f"""
        INSERT INTO contact_dates (contact_id, name, year, month, day, zone_key)
        SELECT id, 'birth_date', {', '.join(parts)}, zone_key FROM contacts
        WHERE NOT EXISTS (SELECT 1 FROM contact_dates WHERE contact_id = contacts.id) ORDER BY id"""))  # noqa: S608  # the same
    if dialect == "postgresql":
        connection.execute(sa.text("ANALYZE contacts"))
        connection.execute(sa.text("ANALYZE contact_dates"))
    else:
        connection.execute(sa.text("ANALYZE"))
