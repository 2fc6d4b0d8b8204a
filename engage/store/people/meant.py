"""Whom people may mean that are told of: one statement that finds their ids, a probe of an index for each identity; and its parameters.

Who asks that, to make contacts of those who are nobody yet, holds the lock of all who do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from engage.contacts.identity import Keys
from engage.contacts.ports import Person
from engage.model.addresses import address_key
from engage.model.contact import ADDRESSES, IDENTITIES, ChannelKind
from engage.store.people.identities import hashes_of, identities_by
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.ledger import consents
from engage.store.schema.people import identities
from engage.store.schema.tables import contacts
from engage.store.sql.lists import listed

LOCK = 0x70656F706C65  # "people": who makes contacts takes this advisory lock of PostgreSQL
_COLUMNS = {"external_id": "external_id", **{ADDRESSES[kind]: KEY_COLUMNS[kind] for kind in (ChannelKind.EMAIL, ChannelKind.SMS)}}
_KINDS = {attribute: kind for kind, attribute in ADDRESSES.items()}


def told_of(persons: Sequence[Person], keys: Sequence[Keys], secret: bytes, *, otherwise: bool) -> Mapping[str, Sequence[str]]:
    """The parameters of `CANDIDATES`. `otherwise`: people may be known by other identities, which are looked for by the keys of all."""
    by_name = {name: list({key: None for each in keys if (key := each[place])}) for place, name in enumerate(IDENTITIES)}
    found = {
        _COLUMNS[name]: [address_key(secret, _KINDS[name], key) for key in told] if name in _KINDS else told
        for name, told in by_name.items()
    }
    others = {key: None for person in persons for key in hashes_of(secret, person.attributes).values()} if otherwise else {}
    return {**found, "keys": list(others)}


def _having(column: str) -> sa.Select[int]:
    other = contacts.alias(f"by_{column}")
    given = listed(column)
    return sa.select(other.c.id).select_from(given).join(other, other.c[column] == given.c.value)


CANDIDATES = sa.union(*map(_having, _COLUMNS.values()), identities_by("keys").with_only_columns(identities.c.contact_id))
"""The ids of contacts that have one of the external ids, addresses or other identities that were told of, erased ones among them."""


ANY_SHARED = sa.select(sa.exists().select_from(consents).where(consents.c.address_key.is_not(None)))
"""Whether anything was withdrawn for an address, whoever has it."""

_GIVEN = listed("keys")
SHARED = (
    sa.select(consents).select_from(_GIVEN).join(consents, consents.c.address_key == _GIVEN.c.value)
    .where(~consents.c.granted).order_by(consents.c.at, consents.c.id)
)
"""What was withdrawn for one of these: by a message, or by somebody who was erased."""


@contextmanager
def by_index(connection: sa.Connection) -> Iterator[None]:
    """Statements of the block look rows up by indexes, whatever the database makes of the tables' sizes."""
    on_server = connection.dialect.name == "postgresql"
    if on_server:
        connection.exec_driver_sql(_BY_INDEX)
    yield
    if on_server:
        connection.exec_driver_sql(_AS_EVER)


def lock_people(connection: sa.Connection) -> None:
    """Wait for whoever makes contacts, or decides who they are, until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(LOCK, sa.BigInteger))))


_SETTINGS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "plan_cache_mode": "force_custom_plan"}
_BY_INDEX = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _SETTINGS.items())
"""What PostgreSQL is told before: of a table that is being filled it knows nothing yet, or that it was empty, and would read all of it."""

_AS_EVER = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in _SETTINGS)
"""And what after: a plan anew for each check of a foreign key costs more than the row."""
