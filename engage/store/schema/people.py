"""The tables of people beside `contacts`: their other identities, who was merged with whom, who was erased."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Instant, Json, partial_index
from engage.store.schema.conditions import UNSETTLED
from engage.store.schema.traffic import metadata

__all__ = ["barred", "erasures", "identities", "merges", "metadata"]

identities = sa.Table(
    "identities", metadata,  # by which a contact is known beside its primary ones, which stand in `contacts` itself
    sa.Column("contact_id", Id, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),  # external_id | email | phone | chat_id
    sa.Column("key", sa.String(64), primary_key=True, index=True),  # engage.model.addresses.identity_key
    sa.Column("value", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),  # merge | command line | …
    sa.Column("added_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

merges = sa.Table(
    "merges", metadata,  # the row of a contact that was merged stays, emptied and with `erased_at`, so that the merge can be undone
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kept_id", Id, nullable=False, index=True),
    sa.Column("merged_id", Id, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),  # who decided it
    sa.Column("record", Json, nullable=False),  # what undoing needs: both as they were, and the ids of all that changed hands
    sa.Column("undone_at", Instant),
    sa.Column("unsettled", sa.Boolean, nullable=False),  # something of the merged one may still be written by who had it in hand
    partial_index("ix_merges_unsettled", "id", where=UNSETTLED),
    sqlite_autoincrement=True,
)

erasures = sa.Table(
    "erasures", metadata,
    sa.Column("contact_id", Id, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),  # requested | inactive
    sa.Column("unsettled", sa.Boolean, nullable=False),  # something of theirs may still be written by who had it in hand
    partial_index("ix_erasures_unsettled", "contact_id", where=UNSETTLED),
)

barred = sa.Table(
    "barred", metadata,  # identities of people who asked to be erased: they are not taken in again
    sa.Column("key", sa.String(64), primary_key=True),  # keyed hash; all that is left of the identity
    sa.Column("name", sa.String, nullable=False),
    sa.Column("contact_id", Id, nullable=False, index=True),  # who it was: the ledger's lines under that number are the proof
    sa.Column("at", Instant, nullable=False),
)
