"""The tables of the consent ledger: its lines, the wordings that people agreed to, and the addresses that are never written to."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Instant, partial_index
from engage.store.schema.tables import metadata

__all__ = ["consents", "metadata", "suppressions", "wordings"]

consents = sa.Table(
    "consents", metadata,  # append-only
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("contact_id", Id, nullable=False),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("channel", sa.String),  # a kind of channel; NULL: all
    sa.Column("granted", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("proof", sa.String),
    sa.Column("address_key", sa.String(64)),  # it came through a message: counts for all who share the address
    sa.Column("expires_at", Instant),  # from then on it says nothing; NULL: never
    sa.Column("ground", sa.String),  # on what a grant rests
    sa.Column("wording", sa.String(64)),  # hash of what was read, in `wordings`
    sa.Column("locale", sa.String),
    sa.Index("ix_consents_contact", "contact_id", "purpose", "at"),
    partial_index("ix_consents_address_key", "address_key", where="address_key IS NOT NULL"),
    partial_index("ix_consents_expiring", "expires_at", where="expires_at IS NOT NULL"),
    sqlite_autoincrement=True,
)

suppressions = sa.Table(
    "suppressions", metadata,
    sa.Column("address_key", sa.String(64), primary_key=True),
    sa.Column("channel", sa.String, nullable=False),  # kind
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

wordings = sa.Table(
    "wordings", metadata,  # what people read who were asked, so that it can be shown later; append-only
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("purpose", sa.String, nullable=False),
    sa.Column("locale", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
)
