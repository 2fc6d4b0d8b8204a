"""First deliveries of the runs that wait for one from the start, by INSERT … SELECT of the very runs that were inserted.

Each row is the one that `add_deliveries` would write: what differs from contact to contact (the moments, the key of copies) comes in
by slot and zone, worked out by the same code as everywhere; all else stands in the statement once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engage.model.values import instant_text
from engage.planning.slots import Opening
from engage.store.planning.runs import delivery_row
from engage.store.schema.columns import Instant
from engage.store.schema.tables import deliveries

OPENING_COLUMNS: Mapping[str, Any] = {
    "at": Instant(), "key": sa.String(), "zone_key": sa.String(), "first_due_at": Instant(), "expires_at": Instant(),
    "send_key": sa.String(),
}
BY_PLACE = ("due_at", "expires_at", "send_key")
_BY_RUN = ("run_id", "contact_id", "intended_at")


def alike(opening: Opening) -> Mapping[str, object]:
    """What is the same in all first deliveries of an entry, by column."""
    row = delivery_row(opening.delivery)
    return {name: value for name, value in row.items() if name not in (*BY_PLACE, *_BY_RUN)}


def insert_openings(names: Sequence[str], new: Any, by_place: Any, source: sa.FromClause, *conditions: Any) -> sa.Insert:
    """The deliveries of those of the new runs that wait for one, out of `source`; what is alike comes as the parameters `given_…`.

    `new` has their `id`, `contact_id` and `intended_at`, `by_place` what their opening says: without an expiry there is none.
    """
    made = (
        sa.select(
            *(sa.bindparam(f"given_{name}", type_=deliveries.c[name].type).label(name) for name in names),
            by_place["first_due_at"], by_place["expires_at"], by_place["send_key"], new["id"].label("run_id"), new["contact_id"],
            new["intended_at"],
        )
        .select_from(source)
        .where(by_place["expires_at"].is_not(None), *conditions)
        .order_by(new["id"])
    )
    return sa.insert(deliveries).from_select([*names, *BY_PLACE, *_BY_RUN], made)


def opening_json(opening: Opening) -> dict[str, object]:
    """The opening as a row of that table."""
    delivery = opening.delivery
    return {
        "at": instant_text(opening.at), "key": opening.key, "zone_key": opening.zone_key, "first_due_at": instant_text(delivery.due_at),
        "expires_at": instant_text(delivery.expires_at), "send_key": delivery.send_key,
    }
