"""What hooks brought, in SQL; the port `engage.hooks.ports.Memory`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import final

import sqlalchemy as sa

from engage.contacts.normalise import as_text
from engage.contacts.places import Unusable
from engage.contacts.ports import Person
from engage.model.addresses import address_key
from engage.model.contact import ADDRESSES, ChannelKind, Value
from engage.model.errors import InputError
from engage.model.values import instant_text
from engage.store.database import Database
from engage.store.people.batch import PeopleBatch
from engage.store.people.contacts import SqlPeople
from engage.store.people.identities import known_by
from engage.store.schema.hooks import hook_requests, hook_subjects
from engage.store.schema.tables import contacts
from engage.store.sql.inserts import insert_ignoring

REMEMBERED = timedelta(hours=24)
"""For so long a request is known again."""

LATEST = timedelta(days=30)
"""So late what a source tells of a person may come, and not undo what it told before."""

CLEANED_EVERY = timedelta(minutes=10)


def heard_of(database: Database) -> Mapping[str, datetime]:
    """When something came by each hook last, by the machine clock; of those by which nothing came for a day, nothing."""
    asked = sa.select(hook_requests.c.hook, sa.func.max(hook_requests.c.at).label("at")).group_by(hook_requests.c.hook)
    with database.read() as connection:
        return {row.hook: row.at for row in connection.execute(asked)}


@final
class SqlHookMemory(SqlPeople):
    """Remembers requests for a day, and of people when each attribute was told last."""

    _cleaned: datetime | None = None

    def has_seen(self, source: str, mark: str, *, since: datetime) -> bool:
        """Whether the same request came since then."""
        same = (hook_requests.c.hook == source, hook_requests.c.mark == mark, hook_requests.c.at >= since)
        with self._database.read() as connection:
            return connection.execute(sa.select(hook_requests.c.at).where(*same)).first() is not None

    def keep(self, source: str, mark: str, *, now: datetime) -> None:
        """Remember that it came; and now and then forget what is older than a day."""
        row = {"hook": source, "mark": mark, "at": now}
        with self._database.begin() as connection:
            if self._cleaned is None or now - self._cleaned > CLEANED_EVERY:
                connection.execute(sa.delete(hook_requests).where(hook_requests.c.at < now - REMEMBERED))
                self._cleaned = now
            known = (hook_requests.c.hook == source, hook_requests.c.mark == mark)
            if not connection.execute(insert_ignoring(connection, hook_requests).values(row)).rowcount:
                connection.execute(sa.update(hook_requests).where(*known).values(at=now))

    def tell(self, source: str, subject: str, attributes: Mapping[str, Value], *, at: datetime, now: datetime) -> int:
        """Change the contact, or make it, but for what this source told of the subject later; whose id it is. Raises InputError."""
        secret = self._database.secret()
        key = hmac.digest(secret, f"hook:{source}:{subject}".encode(), "sha256").hex()
        with self._batch(now) as (connection, batch):
            row = connection.execute(
                sa.select(hook_subjects).where(hook_subjects.c.hook == source, hook_subjects.c.subject == key)
            ).mappings().one_or_none()
            told = {} if row is None else dict(row["told"])
            marks = {name: _mark(secret, at, value) for name, value in attributes.items()}
            news = {name: value for name, value in attributes.items() if marks[name] >= told.get(name, "")}
            contact_id = self._tell(connection, batch, None if row is None else row["contact_id"], attributes, news)
            connection.execute(sa.delete(hook_subjects).where(hook_subjects.c.at < now - LATEST))
            _write(connection, source, key, contact_id, told | {name: marks[name] for name in news}, now)
        return contact_id

    def contact_by(self, kind: ChannelKind, address: str) -> int | None:
        """The contact that has this address; None where nobody, or more than one, has it."""
        with self._database.read() as connection:
            found = connection.scalars(self._having(kind, address).limit(2)).all()
        return found[0] if len(found) == 1 else None

    def _having(self, kind: ChannelKind, address: str) -> sa.Select[int]:
        key = address_key(self._database.secret(), kind, address)
        return sa.select(contacts.c.id).where(known_by(ADDRESSES[kind], key, address), contacts.c.erased_at.is_(None))

    def _tell(
        self, connection: sa.Connection, batch: PeopleBatch, known: int | None, attributes: Mapping[str, Value], news: Mapping[str, Value],
    ) -> int:
        """Whom the source told of before is the same still, whatever else is told of them now; others are found as an import finds them."""
        if known is not None and (members := batch.load([known])):
            self._refuse_taken(connection, known, news.get("external_id"))
            try:
                members[0].take(news)
            except Unusable as error:
                raise InputError.of(error.what, file="hook") from error
            batch.write(silent=False)
            return known
        person = Person(attributes=dict(attributes))
        batch.bring_in([person])
        (answer,) = batch.answers
        if answer.reason is not None:
            raise InputError.of(answer.reason, file="hook")
        batch.write(silent=False)
        (answer,) = batch.answers
        assert answer.contact_id is not None  # noqa: S101  # it was written
        return answer.contact_id


def _mark(secret: bytes, at: datetime, value: Value) -> str:
    """When it was told, as text that sorts as moments do; of two values of one moment the same one wins, whichever comes first."""
    code = hmac.digest(secret, as_text(value).encode(), "sha256").hex()
    return f"{instant_text(at)} {code[:16]}"


def _write(connection: sa.Connection, source: str, key: str, contact_id: int, told: Mapping[str, str], now: datetime) -> None:
    values = {"contact_id": contact_id, "told": dict(told), "at": now}
    whose = (hook_subjects.c.hook == source, hook_subjects.c.subject == key)
    if not connection.execute(sa.update(hook_subjects).where(*whose).values(values)).rowcount:
        connection.execute(sa.insert(hook_subjects).values(hook=source, subject=key, **values))
