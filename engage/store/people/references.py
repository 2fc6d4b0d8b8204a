"""Whom references mean: many of them by one statement, a probe of an index for each thing that one may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from engage.store.people.identities import KEYS, identities_by, meant_by, own_number, reference_keys
from engage.store.rows.rows import Row
from engage.store.schema.people import identities
from engage.store.schema.tables import contacts
from engage.store.sql.lists import listed

OTHERWISE = "otherwise"
"""By an identity beside the primary ones."""


def rows_meant(connection: sa.Connection, references: Collection[str], secret: bytes) -> Mapping[str, Row]:
    """The contact's row by each reference that means somebody who is there: by external id, else email, else phone, primary or other."""
    named = {each: reference_keys(secret, each) for each in references if own_number(each) is None}
    found = _rows_known_by(connection, named) if named else {}
    meant = {}
    for reference, keys in named.items():
        ways = ([(KEYS[name], _known_as(name, key, reference)), (OTHERWISE, key)] for name, key in keys.items())
        rows = (min((found[way] for way in both if way in found), key=_id, default=None) for both in ways)
        meant[reference] = next((row for row in rows if row is not None), None)
    for reference in references:
        if reference not in named:  # it was told by us, and leads on where they were merged
            meant[reference] = connection.execute(_IS_THERE.where(*meant_by(reference, secret))).mappings().first()
    return {reference: row for reference, row in meant.items() if row is not None}


def _rows_known_by(connection: sa.Connection, named: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], Row]:
    """By column and what stands in it; where several have it, whoever has been there longest."""
    given: dict[str, list[str]] = {column: [] for column in (*KEYS.values(), OTHERWISE)}
    for reference, keys in named.items():
        for name, key in keys.items():
            given[KEYS[name]].append(_known_as(name, key, reference))
            given[OTHERWISE].append(key)
    rows = connection.execute(_KNOWN_BY, given).mappings().all()
    return {(row["found_by"], row["found_as"]): row for row in reversed(rows)}


def _known_as(name: str, key: str, reference: str) -> str:
    return reference if name == "external_id" else key


def _id(row: Row) -> Any:
    return row["id"]


def _having(column: str) -> sa.Select[Any]:
    primary, given = contacts.alias(f"by_{column}"), listed(column)
    asked = sa.select(primary.c.id, sa.literal_column(f"'{column}'").label("found_by"), given.c.value.label("found_as"))
    return asked.select_from(given).join(primary, primary.c[column] == given.c.value)


def _known_by() -> sa.Select[Any]:
    other = identities_by(OTHERWISE).with_only_columns(
        identities.c.contact_id.label("id"), sa.literal_column(f"'{OTHERWISE}'").label("found_by"), identities.c.key.label("found_as")
    )
    known = sa.union_all(*map(_having, KEYS.values()), other).subquery("known")
    asked = sa.select(known.c.found_by, known.c.found_as, *contacts.c).join(contacts, contacts.c.id == known.c.id)
    return asked.where(contacts.c.erased_at.is_(None)).order_by(contacts.c.id)


_IS_THERE = sa.select(contacts).where(contacts.c.erased_at.is_(None)).order_by(contacts.c.id).limit(1)
_KNOWN_BY = _known_by()
"""Made once, as every event asks it."""
