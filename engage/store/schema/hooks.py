"""The tables of hooks: what other systems posted of late."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Instant, Json
from engage.store.schema.people import metadata

__all__ = ["hook_requests", "hook_subjects", "metadata"]

hook_requests = sa.Table(
    "hook_requests", metadata,  # what came to `/hooks/…` within a day, so that a replay does nothing
    sa.Column("hook", sa.String, primary_key=True),
    sa.Column("mark", sa.String(64), primary_key=True),  # hash of what was proven
    sa.Column("at", Instant, nullable=False, index=True),  # machine clock
)

hook_subjects = sa.Table(
    "hook_subjects", metadata,  # people as hooks told of them of late: what was told later is not undone by what comes late
    sa.Column("hook", sa.String, primary_key=True),
    sa.Column("subject", sa.String(64), primary_key=True),  # keyed hash of what the source knows them by
    sa.Column("contact_id", Id, nullable=False),
    sa.Column("told", Json, nullable=False),  # attribute -> when it was told last
    sa.Column("at", Instant, nullable=False, index=True),
)
