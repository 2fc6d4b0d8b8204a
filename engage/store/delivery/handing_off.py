"""What clearing writes of those that go: `sending`, by which channel, and the hash of the address; one statement for a slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engage.model.values import instant_text
from engage.store.rows.bulk import array


def hand_off(
    connection: sa.Connection, keyed: Sequence[tuple[int, str]], *, batch_id: int, channel: str, provider: str, now: datetime
) -> None:
    """Write `sending` for deliveries that still wait, by that lease, each with the hash of its address."""
    if connection.dialect.name == "sqlite":
        at = instant_text(now)
        connection.exec_driver_sql(_SQLITE, [(batch_id, channel, provider, at, key, delivery_id) for delivery_id, key in keyed])
    else:
        ids, keys = (array(column) for column in zip(*keyed, strict=True))
        connection.exec_driver_sql(_POSTGRESQL, (batch_id, channel, provider, now, ids, keys))


_SQLITE = (
    "UPDATE deliveries SET state = 'sending', batch_id = ?, handed_over = 1, channel = ?, provider = ?, sending_at = ?, address_key = ? "
    "WHERE id = ? AND state = 'waiting'"
)
_POSTGRESQL = (
    "UPDATE deliveries SET state = 'sending', batch_id = %s, handed_over = true, channel = %s, provider = %s, sending_at = %s, "
    "address_key = given.key "
    "FROM unnest(CAST(%s AS bigint[]), CAST(%s AS text[])) AS given(id, key) "
    "WHERE deliveries.id = given.id AND state = 'waiting'"
)
