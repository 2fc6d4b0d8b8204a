"""The consent ledger and the suppression list in SQL: what people allow, and which addresses are never written to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.ports import Blocked, Suppression
from engage.feedback.consequences import Block
from engage.model.addresses import address_key
from engage.model.consent import Wording
from engage.model.contact import ADDRESSES, ChannelKind, Consent
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.model.values import instant_text
from engage.store.database import Database
from engage.store.people.blocking import put_on_list
from engage.store.people.ledger_rows import LINES, TOUCHES, line_values, told_of, touch_values
from engage.store.rows.rows import KEY_COLUMNS, Row, add_touches, consent_of, consent_row
from engage.store.schema.ledger import consents, suppressions, wordings
from engage.store.schema.tables import contacts
from engage.store.sql.inserts import insert_ignoring

ERASED = "erased"
"""The reason of suppressions that come of an erasure."""


@final
class SqlLedger:
    """The port `engage.contacts.ports.Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, lines: Sequence[Consent], *, wordings: Sequence[Wording] = ()) -> int:
        """Append the lines; one that is there already, to the letter, is not repeated. The number of new ones.

        `wordings` are what the lines name by their hashes; one that is kept already is not written again.
        """
        with self._database.begin() as connection:
            _lock_contacts(connection, lines)
            keep_wordings(connection, wordings)
            new = [line for line in dict.fromkeys(lines) if not _is_there(connection, line)]
            append_lines(connection, new)
        return len(new)

    def lines(self, contact_id: int) -> Sequence[Consent]:
        """The contact's lines, and withdrawals by message of whoever shares its addresses; oldest first."""
        with self._database.read() as connection:
            return lines_of(connection, contact_id)

    def wordings(self, hashes: Iterable[str]) -> Mapping[str, Wording]:
        """Those of the wordings that are kept, by their hashes."""
        asked = sa.select(wordings).where(wordings.c.hash.in_(set(hashes)))
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return {row.hash: Wording(purpose=row.purpose, locale=row.locale, text=row.text) for row in rows}


@final
class SqlSuppressions:
    """The port `engage.contacts.ports.Suppressions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suppress(self, kind: ChannelKind, address: str, *, reason: str, now: datetime) -> bool:
        """Put the address on the list; False where it is there already (the older reason stays)."""
        return bool(self.take([Blocked(kind=kind, address=address, reason=reason)], now=now))

    def take(self, entries: Sequence[Blocked], *, now: datetime) -> int:
        """Put all of them on the list, in one transaction; how many were not there already."""
        secret = self._database.secret()
        blocks = [
            Block(address_key=each.key or address_key(secret, each.kind, each.address or ""), kind=each.kind, reason=each.reason, at=now)
            for each in entries
        ]
        with self._database.begin() as connection:
            return sum(put_on_list(connection, block) for block in blocks)

    def unsuppress(self, kind: ChannelKind, address: str) -> bool:
        """Take it off; False where it was not there. Raises InputError for somebody who was erased: that is lifted by name."""
        key = address_key(self._database.secret(), kind, address)
        with self._database.begin() as connection:
            if connection.scalar(sa.select(suppressions.c.reason).where(suppressions.c.address_key == key)) == ERASED:
                what = "whoever had this address was erased; `engage contact readmit` lets them be taken in again"
                raise InputError.of(what, file="<command line>")
            return bool(connection.execute(suppressions.delete().where(suppressions.c.address_key == key)).rowcount)

    def suppressed(self) -> Sequence[Suppression]:
        """The list, newest first."""
        asked = sa.select(suppressions).order_by(suppressions.c.at.desc(), suppressions.c.address_key)
        with self._database.read() as connection:
            rows = connection.execute(asked).mappings().all()
            owners = _owners(connection)
        return [
            Suppression(
                address_key=row["address_key"], channel=ChannelKind(row["channel"]), reason=row["reason"], at=row["at"],
                contacts=tuple(owners[row["address_key"]]),
            )
            for row in rows
        ]

    def with_addresses(self) -> Iterator[Suppression]:
        """The list, oldest first, with the addresses of contacts who have them now; read as it goes."""
        addresses = sa.case(*((suppressions.c.channel == kind.value, contacts.c[ADDRESSES[kind]]) for kind in ChannelKind))
        having = sa.or_(*(contacts.c[column] == suppressions.c.address_key for column in KEY_COLUMNS.values()))
        found = sa.select(addresses).where(having).limit(1).correlate(suppressions).scalar_subquery()
        asked = sa.select(*suppressions.c, found.label("address")).order_by(suppressions.c.at, suppressions.c.address_key)
        with self._database.read_slowly() as connection:
            for row in connection.execute(asked, execution_options={"yield_per": 2_000}).mappings():
                yield Suppression(
                    address_key=row["address_key"], channel=ChannelKind(row["channel"]), reason=row["reason"], at=row["at"],
                    address=row["address"],
                )


def lines_of(connection: sa.Connection, contact_id: int) -> Sequence[Consent]:
    """The contact's lines, and withdrawals by message of whoever shares its addresses; oldest first."""
    return [consent_of(row) for row in ledger_of(connection, contact_id)]


def ledger_of(connection: sa.Connection, contact_id: int) -> Sequence[Row]:
    """The same as the rows that they are."""
    keys = [sa.select(contacts.c[column]).where(contacts.c.id == contact_id).scalar_subquery() for column in KEY_COLUMNS.values()]
    shared = sa.and_(sa.not_(consents.c.granted), sa.or_(*(consents.c.address_key == key for key in keys)))
    asked = sa.select(consents).where(sa.or_(consents.c.contact_id == contact_id, shared)).order_by(consents.c.at, consents.c.id)
    return connection.execute(asked).mappings().all()


def keep_wordings(connection: sa.Connection, new: Iterable[Wording]) -> None:
    """Keep what people read, each once."""
    for each in new:
        row = {"hash": each.hash, "purpose": each.purpose, "locale": each.locale, "text": each.text}
        connection.execute(insert_ignoring(connection, wordings).values(row))


def append_lines(connection: sa.Connection, lines: Sequence[Consent]) -> None:
    """Append to the ledger, each line with its touch."""
    append_of(connection, [(line.contact_id, line) for line in lines])


def append_of(connection: sa.Connection, lines: Sequence[tuple[int, Consent]]) -> None:
    """The same of lines that do not know yet whose they are: each with the contact's id."""
    moments = [instant_text(line.at) for _, line in lines]
    told = list(zip(moments, lines, strict=True))
    LINES.write(connection, ((contact_id, *line_values(at, line)) for at, (contact_id, line) in told))
    if any(line.proof for _, line in lines):
        add_touches(connection, [replace(_touch_of(line), contact_id=contact_id) for contact_id, line in lines])
    else:
        TOUCHES.write(connection, ((contact_id, *touch_values(at, line)) for at, (contact_id, line) in told))


def _touch_of(line: Consent) -> Touch:
    return Touch(
        at=line.at, contact_id=line.contact_id, kind=Kind.CONSENT_GRANTED if line.granted else Kind.CONSENT_WITHDRAWN,
        purpose=line.purpose, channel=line.channel.value if line.channel else None,
        detail=detail_of(line), private={"proof": line.proof} if line.proof else {},
    )


def detail_of(line: Consent) -> dict[str, object]:
    """What the line's touch says beside what every touch does."""
    return told_of(line.source, line.ground, line.wording, line.expires_at)


def _lock_contacts(connection: sa.Connection, lines: Sequence[Consent]) -> None:
    """Whoever records of the same contacts waits, so that a line is there before it is looked for."""
    ids = sorted({line.contact_id for line in lines})
    connection.execute(sa.select(contacts.c.id).where(contacts.c.id.in_(ids)).order_by(contacts.c.id).with_for_update())


_TOLD = ("contact_id", "purpose", "channel", "granted", "at", "source", "expires_at", "wording")


def _is_there(connection: sa.Connection, line: Consent) -> bool:
    row = consent_row(line)
    same = [consents.c[name].is_not_distinct_from(row[name]) for name in _TOLD]
    return connection.execute(sa.select(consents.c.id).where(*same).limit(1)).first() is not None


def _owners(connection: sa.Connection) -> defaultdict[str, list[str]]:
    """Who has a suppressed address: labels by the address's key."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for column in KEY_COLUMNS.values():
        asked = (
            sa.select(suppressions.c.address_key, contacts.c.id, contacts.c.external_id)
            .join(contacts, contacts.c[column] == suppressions.c.address_key)
            .order_by(contacts.c.id)
        )
        for key, contact_id, external_id in connection.execute(asked):
            found[key].append(external_id or f"#{contact_id}")
    return found
