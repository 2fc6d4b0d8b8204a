"""The contacts in SQL: the port `engage.contacts.ports.People`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from engage.contacts.places import Unusable
from engage.contacts.ports import Acquaintance, Identity, Person, Registering, Stored
from engage.model.contact import Contact, Value
from engage.model.errors import InputError
from engage.model.workspace import Settings
from engage.store.database import Database
from engage.store.people.batch import PeopleBatch
from engage.store.people.identities import NAMES, Others, barred_among, meant_by, others_of, reference_keys
from engage.store.people.meant import lock_people
from engage.store.people.newcomers import SqlNewcomers
from engage.store.people.readmitting import readmit
from engage.store.people.references import rows_meant
from engage.store.people.trials import Trial, on_trial
from engage.store.rows.rows import contact_of
from engage.store.schema.tables import contacts
from engage.store.session import WorkspaceNow

CHUNK = 2_000


class SqlPeople:
    """People, merged by identity. Two who make contacts at once wait for each other, so that nobody is made twice."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def upsert(self, persons: Sequence[Person], *, now: datetime, silent: bool = False) -> Sequence[Stored]:
        """Store a batch, merged with what is there and with each other, in the order given; one answer for each."""
        if not persons:
            return []
        with self._batch(now) as (_, batch):
            batch.bring_in(persons)
            batch.write(silent=silent)
        return batch.answers

    def newcomers(self, *, now: datetime, silent: bool = False) -> SqlNewcomers:
        """How people are laid out and brought in whom nobody knows yet, from now on."""
        return SqlNewcomers(self._database, workspace=self._workspace, now=now, silent=silent)

    @contextmanager
    def trial(self) -> Iterator[Registering]:
        """People as they are now, in a database of its own that is gone with the block."""
        with on_trial(self._database) as scratch:
            yield Trial(self._database, scratch, SqlPeople(scratch, workspace=self._workspace))

    def find(self, reference: str) -> Contact | None:
        """By external id, else email, else phone, primary or other; or by our own number. Raises InputError where several share it."""
        secret = self._database.secret()
        with self._database.read() as connection:
            for condition in meant_by(reference, secret):
                asked = sa.select(contacts).where(condition, contacts.c.erased_at.is_(None)).order_by(contacts.c.id).limit(2)
                rows = connection.execute(asked).mappings().all()
                if len(rows) > 1:
                    raise InputError.of("several contacts share this address: name the one meant by its external_id")
                if rows:
                    return contact_of(rows[0], self._settings.attributes)
        return None

    def acquaintance(self, references: Collection[str]) -> Mapping[str, Acquaintance]:
        """How each is known, by two statements at most."""
        if not references:
            return {}
        secret = self._database.secret()
        with self._database.read() as connection:
            known = rows_meant(connection, references, secret)
            keys = {each: reference_keys(secret, each).values() for each in references if each not in known}
            barred = barred_among(connection, {key for each in keys.values() for key in each})
        erased = {reference for reference, each in keys.items() if any(key in barred for key in each)}
        return {each: "known" if each in known else "erased" if each in erased else "unknown" for each in references}

    def is_barred(self, reference: str) -> bool:
        """Whether it names somebody who was erased, and is not taken in again."""
        with self._database.read() as connection:
            return bool(barred_among(connection, reference_keys(self._database.secret(), reference).values()))

    def readmit(self, reference: str, *, now: datetime) -> bool:
        """Let an erased identity be taken in again; False where it is not barred. What was withdrawn stays so."""
        keys = list(reference_keys(self._database.secret(), reference).values())
        with self._database.begin() as connection:
            return readmit(connection, keys, now=now)

    def identities(self, contact_id: int) -> Sequence[Identity]:
        """All that the contact is known by, the primary ones first."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(contacts).where(contacts.c.id == contact_id)).mappings().one()
            others = others_of(connection, [contact_id]).get(contact_id, ())
        return [*(Identity(name=name, value=row[name]) for name in NAMES if row[name]), *others]

    def change(
        self, contact_id: int, attributes: Mapping[str, Value], *, now: datetime, added: Sequence[Identity] = (),
        removed: Sequence[Identity] = (),
    ) -> Contact:
        """Set attributes of one contact (None clears); other identities come and go.

        One of the others that is set as an attribute becomes the primary one, and that one of the others. Raises InputError.
        """
        with self._batch(now) as (connection, batch):
            for external_id in (attributes.get("external_id"), *(each.value for each in added if each.name == "external_id")):
                self._refuse_taken(connection, contact_id, external_id)
            others = Others(connection, contact_id, secret=self._database.secret(), now=now)
            try:
                others.change(attributes, added=added, removed=removed)
                members = batch.load([contact_id])
                if not members:
                    raise InputError.of("there is no such contact")
                members[0].take(attributes)
            except Unusable as error:
                raise InputError.of(error.what, file="<command line>") from error
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
            lock_people(connection)
            yield connection, PeopleBatch(connection, self._settings, secret=secret, now=now)

    def _refuse_taken(self, connection: sa.Connection, contact_id: int, external_id: Value) -> None:
        if not isinstance(external_id, str):
            return
        known = meant_by(external_id, self._database.secret())[0]
        taken = sa.select(contacts.c.id).where(known, contacts.c.id != contact_id, contacts.c.erased_at.is_(None))
        if connection.execute(taken).first() is not None:
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
