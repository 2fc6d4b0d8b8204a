"""The port `engage.contacts.auditing.Audit` in SQL: a query for each check; likely duplicates by keys that a temporary file sorts."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.auditing import SHOWN, Check, Finding
from engage.contacts.likeness import mailbox_of, name_of
from engage.contacts.zones import BROKEN_KEY, COUNTRY_PREFIX
from engage.model.contact import ADDRESSES, AttributeKind
from engage.model.history import Kind
from engage.model.time import ZoneSource
from engage.model.workspace import Basis
from engage.store.database import Database
from engage.store.expressions.asking import by_machine, has_consent
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import contact_dates, contacts, touches
from engage.store.session import WorkspaceNow

CHUNK = 5_000
BOUNCED = ("hard_bounce", "mailbox_full")
ANSWERS = (Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.CONVERTED, Kind.EVENT)
ALIKE = ("the same telephone number", "the same mailbox", "the same name and birthday")


_SHARED = """
    SELECT how, key, label FROM alike JOIN (SELECT how, key FROM alike GROUP BY how, key HAVING count(*) > 1) USING (how, key)
    ORDER BY how, key, id"""


@final
class SqlAudit:
    """Looks through the contacts who are there, in the order in which they came."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def findings(self, check: Check, *, since: datetime, now: datetime) -> Iterator[Finding]:
        """What there is to find, one by one."""
        if check is Check.DUPLICATES:
            yield from self._duplicates()
            return
        condition, why = self._asked(check, since, now)
        asked = sa.select(contacts.c.id, contacts.c.external_id, why.label("why")).where(contacts.c.erased_at.is_(None), condition)
        with self._database.read_slowly() as connection:
            for row in connection.execute(asked.order_by(contacts.c.id), execution_options={"yield_per": CHUNK}):
                yield Finding(check=check, why=row.why, contacts=(row.external_id or f"#{row.id}",))

    def _asked(self, check: Check, since: datetime, now: datetime) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[str]]:
        """Which contacts, and what is to be said of each."""
        match check:
            case Check.UNANSWERED:
                unanswered = sa.and_(contacts.c.known_at <= since, _has(since, Kind.SENT), ~_has(since, *ANSWERS))
                return unanswered, _told("written to, and no answer since then")
            case Check.BOUNCING:
                blocked = sa.exists().where(suppressions.c.address_key.in_(_keys()), suppressions.c.reason.in_(BOUNCED)).correlate(contacts)
                told = sa.case((blocked, "an address does not work any more"), else_="something bounced since then")
                return sa.or_(blocked, _has(since, Kind.BOUNCED)), told
            case Check.NO_ADDRESS:
                return sa.and_(*(key.is_(None) for key in _keys())), _told("no email, telephone number or chat id")
            case Check.NO_ZONE:
                several = contacts.c.zone_key.startswith(COUNTRY_PREFIX, autoescape=True)
                broken = contacts.c.zone_source == ZoneSource.BROKEN.value
                nothing = contacts.c.zone_source == ZoneSource.WORKSPACE.value
                told = sa.case(
                    (sa.or_(broken, contacts.c.zone_key == BROKEN_KEY), "its time zone does not exist: nothing is sent"),
                    (several, "its country has several time zones, and which is not known"), else_="nothing tells its time zone",
                )
                return sa.or_(several, broken, nothing, contacts.c.zone_key == BROKEN_KEY), told
            case _:
                return ~self._may_be_written_to(now), _told("no promotional purpose may write to any of its addresses")

    def _may_be_written_to(self, now: datetime) -> sa.ColumnElement[bool]:
        purposes = self._workspace().settings.purposes.values()
        ways = [
            sa.and_(contacts.c[KEY_COLUMNS[kind]].is_not(None), has_consent(purpose, kind, now))
            for purpose in purposes for kind in ADDRESSES if purpose.consent[kind] is not Basis.NONE
        ]
        return sa.or_(sa.false(), *ways) if ways else sa.true()

    def _duplicates(self) -> Iterator[Finding]:
        with tempfile.TemporaryDirectory(prefix="engage-audit-") as folder, closing(sqlite3.connect(Path(folder) / "keys.db")) as keys:
            keys.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE alike (how, key, id, label)")
            for part in self._people():
                keys.executemany("INSERT INTO alike VALUES (?, ?, ?, ?)", [key for row in part for key in _likenesses(row)])
            keys.execute("CREATE INDEX found ON alike (how, key, id)")
            for (how, _), group in groupby(keys.execute(_SHARED), key=itemgetter(0, 1)):
                yield _of_group(ALIKE[how], group)

    def _people(self) -> Iterator[Sequence[Any]]:
        """Everybody, in parts, with the day of their birth where an attribute says it."""
        names = [name for name, kind in self._workspace().settings.attributes.items() if kind is AttributeKind.DATE and "birth" in name]
        born = (
            sa.select(sa.func.min(contact_dates.c.year * 10_000 + contact_dates.c.month * 100 + contact_dates.c.day))
            .where(contact_dates.c.contact_id == contacts.c.id, contact_dates.c.name.in_(names)).correlate(contacts).scalar_subquery()
        )
        told = (contacts.c.id, contacts.c.external_id, contacts.c.phone_key, contacts.c.email, contacts.c.first_name, contacts.c.last_name)
        asked = sa.select(*told, born.label("born")).where(contacts.c.erased_at.is_(None)).order_by(contacts.c.id)
        with self._database.read_slowly() as connection:
            yield from connection.execute(asked, execution_options={"yield_per": CHUNK}).partitions()


def _has(since: datetime, *kinds: Kind) -> sa.ColumnElement[bool]:
    """Whether the contact has a touch of these kinds since then that no machine made."""
    wanted = (touches.c.contact_id == contacts.c.id, touches.c.at >= since, touches.c.kind.in_([kind.value for kind in kinds]))
    return sa.exists().where(*wanted, ~by_machine()).correlate(contacts)


def _keys() -> Sequence[sa.Column[Any]]:
    return [contacts.c[column] for column in KEY_COLUMNS.values()]


def _told(text: str) -> sa.ColumnElement[str]:
    return sa.literal(text, sa.String)


def _likenesses(row: Any) -> Iterator[tuple[int, bytes, int, str]]:
    """By what the contact may be the same as another one."""
    name = name_of(row.first_name, row.last_name) if row.born and row.first_name and row.last_name else ""
    keys = (row.phone_key, row.email and mailbox_of(row.email), name and f"{name} {row.born}")
    for how, key in enumerate(keys):
        if key:
            yield how, hashlib.blake2b(key.encode(), digest_size=12).digest(), row.id, row.external_id or f"#{row.id}"


def _of_group(why: str, rows: Iterator[tuple[int, bytes, str]]) -> Finding:
    named: list[str] = []
    number = 0
    for _, _, label in rows:
        number += 1
        if number <= SHOWN:
            named.append(label)
    return Finding(check=Check.DUPLICATES, why=why, contacts=tuple(named), number=number)
