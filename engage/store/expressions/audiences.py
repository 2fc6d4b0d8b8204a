"""A workspace's audiences and segments as conditions on `contacts`: hands to the lowering what it asks of settings and database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TypedDict, final

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.contact import AttributeKind
from engage.model.expression import Expression
from engage.model.localtime import date_everywhere, known
from engage.model.time import ZoneSource
from engage.model.workspace import Purpose, Segment, Workspace
from engage.store.expressions.lowering import condition, segment_condition
from engage.store.sql.zones import zone_keys


def audience_condition(connection: sa.Connection, audience: Expression, *, workspace: Workspace, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a row of `contacts` is in the audience at that moment."""
    return condition(audience, **_context(connection, workspace, now))


def is_in_segment(connection: sa.Connection, segment: Segment, *, workspace: Workspace, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a row of `contacts` is in the segment at that moment."""
    return segment_condition(segment, **_context(connection, workspace, now))


class _Context(TypedDict):
    segments: dict[str, Segment]
    kinds: dict[str, AttributeKind]
    purposes: dict[str, Purpose]
    now: datetime
    local_dates: Mapping[str, date]


def _context(connection: sa.Connection, workspace: Workspace, now: datetime) -> _Context:
    settings = workspace.settings
    return _Context(
        segments=dict(workspace.segments), kinds=dict(settings.attributes), purposes=dict(settings.purposes), now=now,
        local_dates=_LocalDates(connection, now, settings.timezone),
    )


@final
class _LocalDates(Mapping[str, date]):
    """What day it is where contacts live, by zone key, asked only where an expression asks; `timezone` stands in for a broken zone."""

    def __init__(self, connection: sa.Connection, now: datetime, timezone: str) -> None:
        self._connection = connection
        self._now = now
        self._timezone = timezone

    @cached_property
    def _dates(self) -> Mapping[str, date]:
        return {key: self._date(key) for key in zone_keys(self._connection)}

    def _date(self, zone_key: str) -> date:
        return date_everywhere(self._now, known(zones_from_key(zone_key, ZoneSource.CONTACT), self._timezone))

    def __getitem__(self, zone_key: str) -> date:
        return self._dates[zone_key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._dates)

    def __len__(self) -> int:
        return len(self._dates)
