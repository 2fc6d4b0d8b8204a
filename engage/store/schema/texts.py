"""The table of what was sent: texts of many letters in a row. With it all tables but the API's are known."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Instant
from engage.store.schema.hooks import metadata

__all__ = ["kept_texts", "metadata"]

kept_texts = sa.Table(
    "kept_texts", metadata,  # what is personal in touches `sent`, as `engage.store.rows.kept_texts` packs it; `touches.texts_id` leads here
    sa.Column("id", Id, primary_key=True, autoincrement=True),  # never used twice: what leads to a row that is gone finds none
    sa.Column("at", Instant, nullable=False, index=True),  # the moment of all these touches
    sa.Column("letters", sa.Integer, nullable=False),  # how many are left in it
    sa.Column("body", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
