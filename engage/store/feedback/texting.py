"""Texts that came in, in SQL; the port `engage.feedback.texts.TextStore`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

import sqlalchemy as sa

from engage.feedback.consequences import Block
from engage.feedback.texts import Correspondent
from engage.model.addresses import address_key
from engage.model.contact import ChannelKind
from engage.model.history import Kind
from engage.model.letter import Letter
from engage.store.database import Database
from engage.store.feedback.letters import read_letter
from engage.store.feedback.responses import SqlFeedbackTransaction
from engage.store.people.blocking import put_on_list
from engage.store.people.identities import known_otherwise
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import contacts, deliveries, touches
from engage.store.session import WorkspaceNow

_TEXTED = (Kind.REPLIED.value, Kind.UNSUBSCRIBED.value)


@final
class SqlTexts:
    """Writes what people text."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    @contextmanager
    def transaction(self) -> Iterator[SqlTextTransaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            yield SqlTextTransaction(connection, workspace=self._workspace, secret=secret)


@final
class SqlTextTransaction(SqlFeedbackTransaction):
    """Who writes, and what stands against their address."""

    def correspondent(self, kind: ChannelKind, address: str) -> Correspondent:
        """Everybody who has the address now, locked in the order of their ids."""
        key = address_key(self._secret, kind, address)
        known = sa.or_(contacts.c[KEY_COLUMNS[kind]] == key, contacts.c.id.in_(known_otherwise(self._connection, [key])))
        asked = sa.select(contacts.c.id).where(known).order_by(contacts.c.id).with_for_update()
        ids = self._connection.scalars(asked).all()
        reason = self._connection.scalar(sa.select(suppressions.c.reason).where(suppressions.c.address_key == key))
        return Correspondent(address_key=key, contact_ids=ids, letter=self._last_letter(kind, key, ids), reason=reason)

    def told(self, contact_ids: Sequence[int], id: str) -> bool:
        """Whether a text of that id stands in the history of one of them."""
        asked = sa.select(touches.c.detail).where(touches.c.contact_id.in_(contact_ids), touches.c.kind.in_(_TEXTED))
        return any(detail.get("id") == id for detail in self._connection.scalars(asked))

    def block(self, block: Block) -> bool:
        """Put the address on the list."""
        return put_on_list(self._connection, block)

    def unblock(self, address_key: str, *, reason: str) -> bool:
        """Take it off, where it is there for that reason."""
        gone = suppressions.delete().where(suppressions.c.address_key == address_key, suppressions.c.reason == reason)
        return bool(self._connection.execute(gone).rowcount)

    def _last_letter(self, kind: ChannelKind, key: str, contact_ids: Sequence[int]) -> Letter | None:
        """The last message of that kind which went to the address, to whichever of them."""
        channels = self._workspace().settings.channels
        names = [channel.name for channel in channels.values() if channel.kind is kind]
        asked = (
            sa.select(deliveries.c.id)
            .where(
                deliveries.c.contact_id.in_(contact_ids), deliveries.c.address_key == key, deliveries.c.handed_over,
                deliveries.c.channel.in_(names),
            )
            .order_by(deliveries.c.sending_at.desc(), deliveries.c.id.desc()).limit(1)
        )
        delivery_id = self._connection.scalar(asked)
        return None if delivery_id is None else read_letter(self._connection, delivery_id, channels=channels)
