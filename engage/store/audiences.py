"""A workspace's audiences and segments as conditions on `contacts`: hands to the lowering what it asks of settings and database."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.contact import AttributeKind
from engage.model.expression import Expression
from engage.model.localtime import date_everywhere, known
from engage.model.time import ZoneSource
from engage.model.workspace import Purpose, Segment, Workspace
from engage.store.lowering import condition, segment_condition
from engage.store.zones import zone_keys


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
    local_dates: dict[str, date]


def _context(connection: sa.Connection, workspace: Workspace, now: datetime) -> _Context:
    settings = workspace.settings
    return _Context(
        segments=dict(workspace.segments), kinds=dict(settings.attributes), purposes=dict(settings.purposes), now=now,
        local_dates=_local_dates(connection, now, settings.timezone),
    )


def _local_dates(connection: sa.Connection, now: datetime, timezone: str) -> dict[str, date]:
    """What day it is where contacts live, by zone key; `timezone` stands in where a zone is broken."""
    return {
        zone_key: date_everywhere(now, known(zones_from_key(zone_key, ZoneSource.CONTACT), timezone)) for zone_key in zone_keys(connection)
    }
