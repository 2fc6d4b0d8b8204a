"""By what contacts are known beside their primary identities, and which identities are barred as their people were erased."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.identity import comparable
from engage.contacts.places import Unusable
from engage.contacts.ports import Identity
from engage.model.addresses import address_key, identity_key, kind_of_reference
from engage.model.contact import ADDRESSES, IDENTITIES, Value
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.people import barred, identities, merges
from engage.store.schema.tables import contacts
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.lists import listed, listed_ids

NAMES = (*IDENTITIES, "chat_id")
"""Attributes that tell who somebody is, or where they are reached."""

DIGITS = 18
"""Of the longest number of a contact."""

KEYS = {"external_id": "external_id", **{ADDRESSES[kind]: column for kind, column in KEY_COLUMNS.items()}}
"""By which column of `contacts` each of them is found."""


def hashes_of(secret: bytes, attributes: Mapping[str, Value]) -> Mapping[str, str]:
    """The keys of the identities among the attributes, by name."""
    told = ((name, attributes.get(name)) for name in NAMES)
    return {name: identity_key(secret, name, value) for name, value in told if isinstance(value, str) and value}


def reference_keys(secret: bytes, reference: str) -> Mapping[str, str]:
    """The keys that a reference may mean, by name: an external id always, an address where it looks like one."""
    kind = kind_of_reference(reference)
    found = {"external_id": identity_key(secret, "external_id", reference)}
    return found if kind is None else found | {ADDRESSES[kind]: address_key(secret, kind, reference)}


def known_otherwise(connection: sa.Connection, keys: Collection[str]) -> Sequence[int]:
    """Who is known by one of these keys beside their primary identities."""
    return connection.scalars(_KNOWN_OTHERWISE, {"keys": keys}).all() if keys else []


def meant_by(reference: str, secret: bytes) -> Sequence[sa.ColumnElement[bool]]:
    """Who is meant by a reference, as conditions on contacts to be asked one after the other: `#12` is our own number of a contact."""
    number = own_number(reference)
    if number is not None:
        return [contacts.c.id.in_(_merged_into(number))]
    return [known_by(name, key, reference) for name, key in reference_keys(secret, reference).items()]


def own_number(reference: str) -> int | None:
    """Our own number of a contact, where the reference is one."""
    number = reference.removeprefix("#")
    is_one = reference.startswith("#") and number.isascii() and number.isdecimal() and len(number) <= DIGITS
    return int(number) if is_one else None


def known_by(name: str, key: str, reference: str) -> sa.ColumnElement[bool]:
    """Contacts with that primary identity, or another one; as one set of ids, so that the indexes of both are used."""
    primary = contacts.alias("primary")
    mine = sa.select(primary.c.id).where(primary.c[KEYS[name]] == (reference if name == "external_id" else key))
    return contacts.c.id.in_(mine.union_all(sa.select(identities.c.contact_id).where(identities.c.key == key)))


def _merged_into(contact_id: int) -> sa.Select[int]:
    """The contact and those that it was merged into, of whom one is there at most."""
    chain = sa.select(sa.literal(contact_id, sa.BigInteger).label("id")).cte("chain", recursive=True)
    chain = chain.union(sa.select(merges.c.kept_id).join(chain, merges.c.merged_id == chain.c.id).where(merges.c.undone_at.is_(None)))
    return sa.select(chain.c.id)


def others_of(connection: sa.Connection, contact_ids: Collection[int]) -> Mapping[int, Sequence[Identity]]:
    """The other identities of these contacts, oldest first."""
    found: defaultdict[int, list[Identity]] = defaultdict(list)
    for row in connection.execute(_OTHERS, {"ids": contact_ids}):
        found[row.contact_id].append(Identity(name=row.name, value=row.value, source=row.source, added_at=row.added_at))
    return found


def spellings(others: Iterable[Identity]) -> list[tuple[str, str]]:
    """The identities as those of a contact are compared."""
    return [(each.name, comparable(each.name, each.value) or each.value) for each in others]


def add_other(
    connection: sa.Connection, contact_id: int, name: str, value: str, *, secret: bytes, source: str, now: datetime,
) -> None:
    """Let the contact be known by that, too; it is no news where it is already."""
    row = {
        "contact_id": contact_id, "name": name, "key": identity_key(secret, name, value), "value": value, "source": source, "added_at": now,
    }
    connection.execute(insert_ignoring(connection, identities).values(row))


def forget_other(connection: sa.Connection, contact_id: int, key: str) -> bool:
    """Let the contact be known by that no more; False where it was not."""
    theirs = (identities.c.contact_id == contact_id, identities.c.key == key)
    return bool(connection.execute(sa.delete(identities).where(*theirs)).rowcount)


def barred_among(connection: sa.Connection, keys: Collection[str]) -> Mapping[str, datetime]:
    """Those of the keys whose people were erased, with the day."""
    if not keys:
        return {}
    return {row.key: row.at for row in connection.execute(_BARRED, {"keys": keys})}


def are_any(connection: sa.Connection) -> bool:
    """Whether anybody is known by more than their primary identities, or was erased: else nobody need be looked for by the keys of all."""
    return bool(connection.scalar(_ANY))


@final
class Others:
    """The other identities of one contact, while people change them."""

    def __init__(self, connection: sa.Connection, contact_id: int, *, secret: bytes, now: datetime) -> None:
        self._connection = connection
        self._contact_id = contact_id
        self._secret = secret
        self._now = now

    def change(self, attributes: Mapping[str, Value], *, added: Sequence[Identity], removed: Sequence[Identity]) -> None:
        """Take these in and those out; what becomes primary changes places with what was. Raises Unusable."""
        told = hashes_of(self._secret, attributes)
        new = {self._key(each): each for each in added}
        if erased := barred_among(self._connection, [*told.values(), *new]):
            raise Unusable(why_barred(min(erased.values())))
        for each in removed:
            if not forget_other(self._connection, self._contact_id, self._key(each)):
                raise Unusable(f"{each.name}: {each.value!r} is none of the contact's other identities")
        for key, each in new.items():
            self._refuse_primary(each.name, key)
            self._add(each.name, each.value, each.source or "")
        for name, key in told.items():
            if forget_other(self._connection, self._contact_id, key) and (before := self._primary(name)):
                self._add(name, before, "primary before")

    def _add(self, name: str, value: str, source: str) -> None:
        add_other(self._connection, self._contact_id, name, value, secret=self._secret, source=source, now=self._now)

    def _refuse_primary(self, name: str, key: str) -> None:
        primary = self._primary(name)
        if primary is None:
            raise Unusable(f"{name}: the contact has none yet; set it as {name}=…")
        if identity_key(self._secret, name, primary) == key:
            raise Unusable(f"{name}: that is the contact's primary one already")

    def _primary(self, name: str) -> str | None:
        return self._connection.scalar(sa.select(contacts.c[name]).where(contacts.c.id == self._contact_id))

    def _key(self, identity: Identity) -> str:
        return identity_key(self._secret, identity.name, identity.value)


def why_barred(at: datetime) -> str:
    """What is told whoever would take in somebody who was erased."""
    return f"erased at the person's request on {at:%Y-%m-%d}, and not taken in again (`engage contact readmit` lifts that)"


def identities_by(name: str) -> sa.Select[Any]:
    """The other identities that have one of the keys in the parameter of that name."""
    given = listed(name)
    return sa.select(identities).select_from(given).join(identities, identities.c.key == given.c.value)


_KEYS, _IDS = listed("keys"), listed_ids("ids")
_KNOWN_OTHERWISE = identities_by("keys").with_only_columns(identities.c.contact_id).distinct()
_BARRED = sa.select(barred.c.key, barred.c.at).select_from(_KEYS).join(barred, barred.c.key == _KEYS.c.value)
_OTHERS = (
    sa.select(identities).select_from(_IDS).join(identities, identities.c.contact_id == _IDS.c.value)
    .order_by(identities.c.added_at, identities.c.key)
)
_ANY = sa.select(sa.or_(sa.exists().select_from(identities), sa.exists().select_from(barred)))
