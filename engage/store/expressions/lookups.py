"""The questions of expressions about one contact, answered as their SQL would be; the port `engage.rules.expressions.Lookup`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.model.contact import ChannelKind, Value
from engage.model.expression import Touched
from engage.model.history import Kind
from engage.model.time import Duration
from engage.model.workspace import Workspace
from engage.rules.expressions import since
from engage.rules.expressions.meaning import equal
from engage.store.expressions import asking
from engage.store.expressions.audiences import is_in_segment
from engage.store.rows.rows import event_of
from engage.store.schema.tables import contacts, events

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
        asked = self._workspace.settings.purposes.get(purpose)
        kind = next((kind for kind in ChannelKind if kind.value == channel), None)
        return asked is not None and kind is not None and self._holds(asking.has_consent(asked, kind, self._now))

    def in_segment(self, name: str) -> bool:
        """Whether the contact is in the segment."""
        segment = self._workspace.segments.get(name)
        if segment is None:
            return False
        with self._reading() as connection:
            member = is_in_segment(connection, segment, workspace=self._workspace, now=self._now)
            return bool(connection.scalar(self._about(member)))

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        """Whether the contact's history has such a touch."""
        if kind is not None and kind not in {each.value for each in Kind}:
            return False
        asked = Touched(campaign=campaign, message=message, touch=None if kind is None else Kind(kind), within=within)
        return self._holds(asking.touched(asked, self._now))

    def _holds(self, condition: sa.ColumnElement[bool]) -> bool:
        with self._reading() as connection:
            return bool(connection.scalar(self._about(condition)))

    def _about(self, condition: sa.ColumnElement[bool]) -> sa.Select[bool]:
        return sa.select(sa.exists().where(contacts.c.id == self._contact_id, condition))

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        """How many events of the type the contact had whose fields equal these; a field that is None equals nothing."""
        asked = sa.select(events).where(events.c.contact_id == self._contact_id, events.c.type == type_, events.c.at <= self._now)
        if within is not None:
            asked = asked.where(events.c.at >= since(self._now, within))
        with self._reading() as connection:
            found = [event_of(row, self._workspace.settings.events) for row in connection.execute(asked).mappings()]
        return sum(all(equal(event.data.get(name), value) for name, value in fields.items()) for event in found)
