"""The questions of expressions about one contact, answered as their SQL would be; the port `engage.rules.expressions.Lookup`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.model.contact import ChannelKind, Value
from engage.model.time import Duration
from engage.model.workspace import Basis, Segment, Workspace
from engage.rules.expressions import since
from engage.rules.expressions.meaning import equal
from engage.store.audiences import audience_condition
from engage.store.rows import KEY_COLUMNS, event_of
from engage.store.tables import consents, contacts, events, touches

Connecting = Callable[[], AbstractContextManager[sa.Connection]]


@final
class SqlLookup:
    """About one contact at one moment; nothing later than `now` counts."""

    def __init__(self, connecting: Connecting | sa.Connection, *, workspace: Workspace, contact_id: int, now: datetime) -> None:
        self._connecting = connecting
        self._workspace = workspace
        self._contact_id = contact_id
        self._now = now

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return nullcontext(self._connecting) if isinstance(self._connecting, sa.Connection) else self._connecting()

    def has_consent(self, purpose: str, channel: str) -> bool:
        """Whether the contact may be written to for the purpose by that kind of channel."""
        asked, kind = self._workspace.settings.purposes.get(purpose), _kind(channel)
        if asked is None or kind is None:
            return False
        basis = asked.consent[kind]
        if basis is Basis.NONE:
            return True
        with self._reading() as connection:
            last = connection.scalar(_last_word(self._contact_id, purpose, kind, self._now))
        return bool(last) if basis is Basis.OPT_IN else last is not False

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        segment = self._workspace.segments.get(name)
        if segment is None:
            return False
        with self._reading() as connection:
            return _is_in(connection, segment, self._workspace, self._contact_id, self._now)

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        """Whether the contact's history has such a touch."""
        wanted = [touches.c.contact_id == self._contact_id, *self._span(touches.c.at, within)]
        asked = ((touches.c.campaign, campaign), (touches.c.message, message), (touches.c.kind, kind))
        wanted += [column == value for column, value in asked if value is not None]
        with self._reading() as connection:
            return bool(connection.scalar(sa.select(sa.exists().where(*wanted))))

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        """How many events of the type the contact had whose fields equal these; a field that is None equals nothing."""
        asked = sa.select(events).where(
            events.c.contact_id == self._contact_id, events.c.type == type_, *self._span(events.c.at, within)
        )
        with self._reading() as connection:
            found = [event_of(row, self._workspace.settings.events) for row in connection.execute(asked).mappings()]
        return sum(all(equal(event.data.get(name), value) for name, value in fields.items()) for event in found)

    def _span(self, at: sa.Column[datetime], within: Duration | None) -> list[sa.ColumnElement[bool]]:
        return [at <= self._now, *([at >= since(self._now, within)] if within is not None else [])]


def _kind(channel: str) -> ChannelKind | None:
    return ChannelKind(channel) if channel in ChannelKind else None


def _last_word(contact_id: int, purpose: str, kind: ChannelKind, now: datetime) -> sa.Select[tuple[bool]]:
    """The newest line of the ledger for the contact, or a withdrawal by message of whoever shares its address."""
    keys = sa.select(contacts.c[column] for column in KEY_COLUMNS.values()).where(contacts.c.id == contact_id).subquery()
    shared = sa.exists().where(sa.or_(*(consents.c.address_key == key for key in keys.c)))
    return (
        sa.select(consents.c.granted)
        .where(
            consents.c.purpose == purpose, sa.or_(consents.c.channel.is_(None), consents.c.channel == kind.value), consents.c.at <= now,
            sa.or_(consents.c.contact_id == contact_id, sa.and_(~consents.c.granted, shared)),
        )
        .order_by(consents.c.at.desc(), consents.c.id.desc())
        .limit(1)
    )


def _is_in(connection: sa.Connection, segment: Segment, workspace: Workspace, contact_id: int, now: datetime) -> bool:
    if segment.audience is not None:
        condition = audience_condition(connection, segment.audience, workspace=workspace, now=now)
        return bool(connection.scalar(sa.select(sa.exists().where(contacts.c.id == contact_id, condition))))
    members = segment.members or frozenset()
    asked = sa.select(contacts.c.external_id, contacts.c.email, contacts.c.phone).where(contacts.c.id == contact_id)
    row = connection.execute(asked).one_or_none()
    return row is not None and not members.isdisjoint(filter(None, row))
