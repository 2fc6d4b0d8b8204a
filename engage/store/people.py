"""The contacts in SQL: the port `engage.contacts.ports.People`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.places import Unusable
from engage.contacts.ports import Person, Stored
from engage.model.addresses import address_key, kind_of_reference
from engage.model.contact import Contact, Value
from engage.model.errors import InputError
from engage.model.workspace import Settings
from engage.store.database import Database
from engage.store.people_batch import PeopleBatch
from engage.store.rows import KEY_COLUMNS, contact_of
from engage.store.session import WorkspaceNow
from engage.store.tables import contacts

CHUNK = 2_000
LOCK = 0x70656F706C65  # "people": who makes contacts takes this advisory lock of PostgreSQL


@final
class SqlPeople:
    """People, merged by identity. Two who make contacts at once wait for each other, so that nobody is made twice."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def upsert(self, persons: Sequence[Person], *, now: datetime, silent: bool = False, dry_run: bool = False) -> Sequence[Stored]:
        """Store a batch, merged with what is there and with each other, in the order given; one answer for each."""
        with self._batch(now) as (_, batch):
            batch.load_meant(persons)
            for person in persons:
                batch.take(person)
            if not dry_run:
                batch.write(silent=silent)
        return batch.answers

    def find(self, reference: str) -> Contact | None:
        """By external id, else email, else phone. Raises InputError where several contacts share the address."""
        kind = kind_of_reference(reference)
        conditions = [contacts.c.external_id == reference]
        if kind is not None:
            conditions.append(contacts.c[KEY_COLUMNS[kind]] == address_key(self._database.secret(), kind, reference))
        with self._database.read() as connection:
            for condition in conditions:
                asked = sa.select(contacts).where(condition, contacts.c.erased_at.is_(None)).order_by(contacts.c.id).limit(2)
                rows = connection.execute(asked).mappings().all()
                if len(rows) > 1:
                    raise InputError.of("several contacts share this address: name the one meant by its external_id")
                if rows:
                    return contact_of(rows[0], self._settings.attributes)
        return None

    def change(self, contact_id: int, attributes: Mapping[str, Value], *, now: datetime) -> Contact:
        """Set attributes of one contact (None clears). Raises InputError where another has the external id, or nothing identifies it."""
        with self._batch(now) as (connection, batch):
            self._refuse_taken(connection, contact_id, attributes.get("external_id"))
            members = batch.load([contact_id])
            if not members:
                raise InputError.of("there is no such contact")
            try:
                members[0].take(attributes)
            except Unusable as error:
                raise InputError.of(str(error)) from error
            batch.write(silent=False)
            row = connection.execute(sa.select(contacts).where(contacts.c.id == contact_id)).mappings().one()
            return contact_of(row, self._settings.attributes)

    def is_empty(self) -> bool:
        """Whether nobody is known yet."""
        with self._database.read() as connection:
            return not connection.scalar(sa.select(sa.exists().select_from(contacts)))

    def resettle(self, *, now: datetime) -> int:
        """Work out zones and stored dates anew; how many moved to another zone. In a transaction for every 2,000 contacts."""
        moved = 0
        for ids in self._chunks():
            with self._batch(now) as (_, batch):
                batch.load(ids)
                moved += batch.rewrite()
        return moved

    @property
    def _settings(self) -> Settings:
        return self._workspace().settings

    @contextmanager
    def _batch(self, now: datetime) -> Iterator[tuple[sa.Connection, PeopleBatch]]:
        secret = self._database.secret()  # asked first: the first time it is made, in a transaction of its own
        with self._database.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(LOCK, sa.BigInteger))))
            yield connection, PeopleBatch(connection, self._settings, secret=secret, now=now)

    def _refuse_taken(self, connection: sa.Connection, contact_id: int, external_id: Value) -> None:
        taken = sa.select(contacts.c.id).where(contacts.c.external_id == external_id, contacts.c.id != contact_id)
        if external_id is not None and connection.execute(taken).first() is not None:
            raise InputError.of(f"another contact has the external_id {external_id!r}")

    def _chunks(self) -> Iterator[Sequence[int]]:
        last = 0
        while True:
            asked = sa.select(contacts.c.id).where(contacts.c.id > last, contacts.c.erased_at.is_(None)).order_by(contacts.c.id)
            with self._database.read() as connection:
                ids = connection.execute(asked.limit(CHUNK)).scalars().all()
            if not ids:
                return
            yield ids
            last = ids[-1]
