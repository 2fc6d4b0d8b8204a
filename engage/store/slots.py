"""Slots as a table inside a statement: one parameter, however many there are, so that entering costs a handful of statements.

Slots of one shape (which of zone, country, year are set) go together, as each shape finds its contacts by another index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.campaign import ReEntry
from engage.model.localtime import add, zone
from engage.model.time import Duration, ZoneSource
from engage.model.values import INSTANT
from engage.planning.slots import Slot
from engage.store.columns import Instant, Json

FOREVER = datetime(1, 1, 1, tzinfo=UTC)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a slot asks of a contact. `attribute` is the date's name where it goes by a date."""

    zone: bool
    country: bool
    attribute: str | None
    year: bool
    changed: bool


def shape_of(slot: Slot) -> Shape:
    """The slot's shape."""
    match = slot.match
    return Shape(
        zone=slot.residence is not None, country=slot.residence is not None and slot.residence.country is not None,
        attribute=match.attribute if match else None,
        year=match is not None and match.year is not None, changed=slot.changed_since is not None,
    )


def waves(slots: Sequence[Slot], *, one_at_a_time: bool) -> list[list[Slot]]:
    """The slots in an order in which they may be entered; with `one_at_a_time` no contact can be in two slots of one wave."""
    if not one_at_a_time:
        return [list(slots)]
    ordered = sorted(slots, key=lambda slot: slot.at)
    if any(slot.residence is None for slot in ordered):
        return [[slot] for slot in ordered]
    made: list[list[Slot]] = []
    turn: dict[str, int] = {}
    for slot in ordered:
        lives = slot.residence.zone_key if slot.residence else ""
        number = turn.get(lives, 0)
        turn[lives] = number + 1
        made.extend([[]] if number == len(made) else [])
        made[number].append(slot)
    return made


def by_shape(slots: Iterable[Slot]) -> Mapping[Shape, list[Slot]]:
    """The slots of each shape."""
    shapes: dict[Shape, list[Slot]] = {}
    for slot in slots:
        shapes.setdefault(shape_of(slot), []).append(slot)
    return shapes


_COLUMNS: Mapping[str, Any] = {
    "at": Instant(), "key": sa.String(), "trigger": Json, "zone_key": sa.String(), "country": sa.String(), "day": sa.Integer(),
    "month": sa.Integer(), "year": sa.Integer(), "base_year": sa.Integer(), "min_years": sa.Integer(),
    "changed_since": Instant(), "not_since": Instant(),
}


def slots_table(slots: Sequence[Slot], re_entry: ReEntry, *, on_postgresql: bool) -> sa.FromClause:
    """The slots as a FROM element named `slot`. `not_since`: whose last entry is not before that is kept out."""
    rows = json.dumps([_slot_json(slot, re_entry) for slot in slots])
    if on_postgresql:
        columns = [sa.column(name, sa.TIMESTAMP(timezone=True) if isinstance(kind, Instant) else kind) for name, kind in _COLUMNS.items()]
        given = sa.func.jsonb_to_recordset(sa.cast(sa.literal(rows, sa.Text), Json)).table_valued(*columns, name="given")
        return sa.select(given.render_derived(with_types=True)).subquery("slot")
    each = sa.func.json_each(sa.literal(rows, sa.Text)).table_valued(sa.column("value", sa.String))
    extracted = [sa.type_coerce(sa.func.json_extract(each.c.value, f"$.{name}"), kind).label(name) for name, kind in _COLUMNS.items()]
    return sa.select(*extracted).subquery("slot")


def _slot_json(slot: Slot, re_entry: ReEntry) -> dict[str, object]:
    residence, match = slot.residence, slot.match
    return {
        "at": slot.at.astimezone(UTC).strftime(INSTANT), "key": slot.key, "trigger": dict(slot.trigger),
        "zone_key": residence.zone_key if residence else None, "country": residence.country if residence else None,
        "day": match.day if match else None, "month": match.month if match else None, "year": match.year if match else None,
        "base_year": match.base_year if match else None, "min_years": match.min_years if match else None,
        "changed_since": slot.changed_since.astimezone(UTC).strftime(INSTANT) if slot.changed_since else None,
        "not_since": not_since(slot, re_entry).strftime(INSTANT),
    }


def not_since(slot: Slot, re_entry: ReEntry) -> datetime:
    """Whoever entered after this moment is kept out at the slot: FOREVER where re-entry is never allowed."""
    if not re_entry.allowed or re_entry.after is None:
        return FOREVER
    span = re_entry.after
    back = Duration(months=-span.months, days=-span.days, seconds=-span.seconds)
    return max(add(slot.at, back, zone(name)) for name in _zones(slot))


def _zones(slot: Slot) -> tuple[str, ...]:
    return (zones_from_key(slot.residence.zone_key, ZoneSource.CONTACT).names if slot.residence else ()) or ("UTC",)
