"""Erasing a person in SQL: the row emptied, their identities barred, and all that is theirs in other tables emptied of what is personal.

What stays: the touches (what happened, and when), the ledger's lines (who knows the address finds them by its hash), and keyed hashes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import final

import sqlalchemy as sa

from engage.contacts.privacy import ErasedWhy, Erasure, Proof
from engage.model.addresses import identity_key
from engage.model.contact import ADDRESSES
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.people.belongings import all_numbers
from engage.store.people.exporting import Exporting
from engage.store.people.identities import KEYS, NAMES, reference_keys
from engage.store.people.ledger import ERASED
from engage.store.people.meant import lock_people
from engage.store.people.rows import contact_row
from engage.store.people.scrubbing import Scrubbing, erased_text
from engage.store.rows.rows import Row, add_touches, consent_of
from engage.store.schema.conditions import UNSETTLED
from engage.store.schema.ledger import consents, suppressions, wordings
from engage.store.schema.people import barred, erasures, identities
from engage.store.schema.tables import contacts, deliveries, events
from engage.store.session import WorkspaceNow
from engage.store.sql.inserts import insert_ignoring, upsert

MAY_COME_LATE = timedelta(hours=1)
"""How long after an erasure something may still be written by whoever had the person in hand."""


@final
class SqlPrivacy:
    """The port `engage.contacts.privacy.Privacy`; and it goes on erasing what comes late."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def export(self, contact_id: int, *, now: datetime) -> Mapping[str, object]:
        """All that is kept of the contact, as JSON values."""
        with self._database.read() as connection:
            return Exporting(connection, contact_id, now=now).document()

    def erase(self, contact_id: int, *, now: datetime, by: str, why: ErasedWhy = ErasedWhy.REQUESTED) -> Erasure:
        """Erase the contact in one transaction; whoever clears a hand-off to them waits, or is waited for."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            lock_people(connection)
            asked = sa.select(contacts).where(contacts.c.id == contact_id, contacts.c.erased_at.is_(None)).with_for_update()
            row = connection.execute(asked).mappings().one_or_none()
            if row is None:
                raise InputError.of(f"there is no contact #{contact_id}", file="<command line>")
            return self._erase(connection, row, secret=secret, now=now, by=by, why=why)

    def proof(self, reference: str, *, text: str | None = None) -> Sequence[Proof]:
        """The ledger's lines of whoever was erased and had that address or external id, oldest first."""
        secret = self._database.secret()
        hashed = None if text is None else erased_text(secret, text)
        with self._database.read() as connection:
            whose = connection.scalar(sa.select(barred.c.contact_id).where(barred.c.key.in_(reference_keys(secret, reference).values())))
            if whose is None:
                return []
            asked = (
                sa.select(consents, wordings.c.text)
                .outerjoin(wordings, wordings.c.hash == consents.c.wording)
                .where(consents.c.contact_id.in_(all_numbers(connection, whose)))
                .order_by(consents.c.at, consents.c.id)
            )
            return [
                Proof(line=consent_of(row), wording=row["text"], matches=hashed is not None and hashed in (row["proof"], row["source"]))
                for row in connection.execute(asked).mappings()
            ]

    def erase_late(self, *, now: datetime) -> int:
        """Erase what was written since of those erased lately, by whoever had them in hand; of how many people there was anything."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            return sum(_erase_late(connection, row, secret, now) for row in connection.execute(_OPEN).mappings().all())

    def _erase(self, connection: sa.Connection, row: Row, *, secret: bytes, now: datetime, by: str, why: ErasedWhy) -> Erasure:
        contact_id, known = int(row["id"]), _identities(connection, row, secret)
        shared = _shared(connection, contact_id, known.values())
        _forget_kept_events(connection, known)
        if why is ErasedWhy.REQUESTED:
            own = {named: key for named, key in known.items() if key not in shared}
            _bar(connection, own, contact_id, now)
        waiting = connection.execute(_RECALL, {"contact": contact_id, "now": now}).rowcount
        Scrubbing(connection, contact_id, secret=secret, now=now).scrub()
        empty = contact_row({}, self._workspace().settings, secret=secret)
        gone = {**empty, "erased_at": now, "written_at": now, "quietly": True}
        connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(gone))
        erasure = {"contact_id": contact_id, "at": now, "by": by, "reason": why.value, "unsettled": True}
        connection.execute(erasures.insert(), erasure)
        add_touches(connection, [Touch(at=now, contact_id=contact_id, kind=Kind.ERASED, reason=why.value, detail={"by": by})])
        barred_ = len(known) - len(shared) if why is ErasedWhy.REQUESTED else 0
        return Erasure(contact_id=contact_id, at=now, barred=barred_, shared=len(shared), waiting=waiting)


def _identities(connection: sa.Connection, row: Row, secret: bytes) -> Mapping[tuple[str, str], str]:
    """The keys of all that the contact is known by, primary or other, by name and value."""
    others = connection.execute(sa.select(identities).where(identities.c.contact_id == row["id"])).all()
    named = [(name, row[name]) for name in NAMES if row[name]] + [(each.name, each.value) for each in others]
    return {(name, value): identity_key(secret, name, value) for name, value in named}


def _shared(connection: sa.Connection, contact_id: int, keys: Collection[str]) -> frozenset[str]:
    """Those of the addresses that somebody else has, too: a family's mailbox."""
    found: set[str] = set()
    for name, column in KEYS.items():
        if name != "external_id":
            theirs = (contacts.c[column].in_(list(keys)), contacts.c.id != contact_id, contacts.c.erased_at.is_(None))
            found |= set(connection.scalars(sa.select(contacts.c[column]).where(*theirs)))
    others = (identities.c.key.in_(list(keys)), identities.c.contact_id != contact_id)
    return frozenset(found | set(connection.scalars(sa.select(identities.c.key).where(*others))))


def _bar(connection: sa.Connection, known: Mapping[tuple[str, str], str], contact_id: int, now: datetime) -> None:
    for (name, _), key in known.items():
        connection.execute(insert_ignoring(connection, barred).values(key=key, name=name, contact_id=contact_id, at=now))
        if name in CHANNELS:
            row = {"address_key": key, "channel": CHANNELS[name], "reason": ERASED, "at": now}
            upsert(connection, suppressions, row, {"reason": ERASED, "at": now})


def _forget_kept_events(connection: sa.Connection, known: Mapping[tuple[str, str], str]) -> None:
    """Events that wait for somebody of that name or address to become known."""
    kept = (events.c.contact_id.is_(None), events.c.contact_ref.is_not(None))
    theirs = sa.or_(
        events.c.ref_key.in_(list(known.values())), events.c.contact_ref.in_([value for name, value in known if name == "external_id"]),
    )
    connection.execute(sa.delete(events).where(*kept, theirs))


def _erase_late(connection: sa.Connection, erasure: Row, secret: bytes, now: datetime) -> bool:
    contact_id = erasure["contact_id"]
    connection.execute(sa.select(contacts.c.id).where(contacts.c.id == contact_id).with_for_update())
    found = Scrubbing(connection, contact_id, secret=secret, now=now).scrub()
    settled = now - erasure["at"] > MAY_COME_LATE
    connection.execute(sa.update(erasures).where(erasures.c.contact_id == contact_id).values(unsettled=not settled))
    return found


CHANNELS = {name: kind.value for kind, name in ADDRESSES.items()}
_OPEN = sa.select(erasures).where(sa.text(UNSETTLED)).order_by(erasures.c.contact_id).with_for_update(skip_locked=True)
_RECALL = (
    sa.update(deliveries)
    .where(deliveries.c.contact_id == sa.bindparam("contact"), sa.text("state = 'waiting'"))
    .values(due_at=sa.bindparam("now"), retry_at=None, hold=None)
)
"""The decision then says that they are not sent."""
