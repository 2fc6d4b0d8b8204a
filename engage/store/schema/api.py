"""The tables of the API: keys, and what was asked for under an Idempotency-Key. With these all are known."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Instant, Json
from engage.store.schema.texts import metadata

__all__ = ["api_keys", "metadata", "requests"]

api_keys = sa.Table(
    "api_keys", metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("rate", sa.Float, nullable=False),  # requests a second
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # keyed; the key itself is kept nowhere
    sa.Column("ending", sa.String(4), nullable=False),
    sa.Column("created_at", Instant, nullable=False),  # machine clock, as all moments here
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("last_used_at", Instant),
    sqlite_autoincrement=True,
)

requests = sa.Table(
    "requests", metadata,  # for messages, each written together with what it asked for
    sa.Column("key_id", Id, primary_key=True, autoincrement=False),  # whose: two programs may choose the same word
    sa.Column("name", sa.String(255), primary_key=True),  # the Idempotency-Key
    sa.Column("fingerprint", sa.String(64), nullable=False),  # hash of what was asked
    sa.Column("delivery_id", Id, nullable=False),
    sa.Column("answer", Json, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),  # machine clock
)
