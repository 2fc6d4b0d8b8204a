"""A dry run: people are brought into a database of its own, into which whoever they may mean is copied first.

So it comes to just what an import would, batch after batch, and holds no lock over anything.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.identity import keys_of
from engage.contacts.ports import Person, Registering, Stored
from engage.store.database import Database
from engage.store.notes import SECRET, write_once
from engage.store.people.meant import CANDIDATES, told_of
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.people import barred, identities
from engage.store.schema.tables import contacts
from engage.store.sql.lists import among

CHUNK = 2_000
FIRST_NEW = 10**15
"""Ids of people and of lines that are new are greater than all that a real database will ever give."""

OWNED = (consents, identities)
"""What belongs to a contact and decides what becomes of a row."""


@final
class Trial:
    """The port `engage.contacts.ports.Registering`."""

    def __init__(self, real: Database, scratch: Database, people: Registering) -> None:
        self._real = real
        self._scratch = scratch
        self._people = people

    def upsert(self, persons: Sequence[Person], *, now: datetime, silent: bool = False) -> Sequence[Stored]:
        """What would become of them, after all that was brought in before."""
        self._copy_meant(persons)
        return self._people.upsert(persons, now=now, silent=silent)

    def _copy_meant(self, persons: Sequence[Person]) -> None:
        with self._real.read() as real, self._scratch.begin() as scratch:
            told = told_of(persons, [keys_of(person.attributes) for person in persons], self._real.secret(), otherwise=True)
            found = list(real.scalars(CANDIDATES, told))
            known = set(scratch.scalars(sa.select(contacts.c.id).where(among(contacts.c.id, "ids")), {"ids": found}))
            ids = {"ids": [contact_id for contact_id in found if contact_id not in known]}
            for table in (contacts, *OWNED):
                owner = table.c.id if table is contacts else table.c.contact_id
                own = [consents.c.address_key.is_(None)] if table is consents else []  # the others are there already
                _copy(real, scratch, sa.select(table).where(among(owner, "ids"), *own), table, ids)


@contextmanager
def on_trial(real: Database) -> Iterator[Database]:
    """An empty database with the secret of the real one, and whom that never takes in, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="engage-trial-") as folder:
        scratch = Database.open(f"sqlite:///{Path(folder) / 'trial.db'}")
        try:
            scratch.migrate()
            secret = real.secret().hex()
            with real.read() as connection, scratch.begin() as new:
                numbered = [(table.name, FIRST_NEW) for table in (contacts, consents)]
                new.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", numbered)
                write_once(new, SECRET, secret)
                for table in (suppressions, barred):
                    _copy(connection, new, sa.select(table), table, {})
                of_addresses = sa.select(consents).where(consents.c.address_key.is_not(None))  # whoever has them
                _copy(connection, new, of_addresses, consents, {})
            yield scratch
        finally:
            scratch.close()


def _copy(
    real: sa.Connection, scratch: sa.Connection, asked: sa.Select[Any], table: sa.Table, given: Mapping[str, Sequence[int]]
) -> None:
    rows = real.execute(asked, given, execution_options={"yield_per": CHUNK})
    for part in rows.mappings().partitions():
        scratch.execute(table.insert(), [dict(row) for row in part])
