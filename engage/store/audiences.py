"""A workspace's expressions as conditions on `contacts`: what the lowering of an expression asks of the database and the settings."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.expression import Expression
from engage.model.localtime import date_everywhere, known
from engage.model.time import ZoneSource
from engage.model.workspace import Workspace
from engage.store.lowering import condition
from engage.store.zones import zone_keys


def audience_condition(connection: sa.Connection, audience: Expression, *, workspace: Workspace, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a row of `contacts` is in the audience at that moment."""
    settings = workspace.settings
    return condition(
        audience, segments=workspace.segments, kinds=settings.attributes, purposes=settings.purposes, now=now,
        local_dates=local_dates(connection, now, settings.timezone),
    )


def local_dates(connection: sa.Connection, now: datetime, timezone: str) -> dict[str, date]:
    """What day it is where contacts live, by zone key; `timezone` stands in where a zone is broken."""
    return {
        zone_key: date_everywhere(now, known(zones_from_key(zone_key, ZoneSource.CONTACT), timezone)) for zone_key in zone_keys(connection)
    }
