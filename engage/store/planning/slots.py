"""Slots as a table inside a statement, however many there are, so that entering costs a handful of statements.

Slots of one shape (which of zone, country, year are set) go together, as each shape finds its contacts by another index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.campaign import ReEntry
from engage.model.localtime import add, zone
from engage.model.time import ZoneSource
from engage.model.values import instant_text
from engage.planning.slots import Slot
from engage.store.schema.columns import Instant, Json

FOREVER = datetime(1, 1, 1, tzinfo=UTC)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a slot asks of a contact. `attribute` is the date's name where it goes by a date, `segment` whose members it asks for."""

    zone: bool
    country: bool
    no_country: bool
    attribute: str | None
    year: bool
    segment: str | None
    inside: bool
    moved: bool
    changed: bool


def shape_of(slot: Slot) -> Shape:
    """The slot's shape."""
    match, members, residence = slot.match, slot.members, slot.residence
    return Shape(
        zone=residence is not None, country=residence is not None and residence.country is not None,
        no_country=residence is not None and residence.by_country and residence.country is None,
        attribute=match.attribute if match else None, year=match is not None and match.year is not None,
        segment=members.segment if members else None, inside=members is not None and members.inside,
        moved=members is not None and members.moved_at is not None, changed=slot.changed_since is not None,
    )


def waves(slots: Sequence[Slot], *, one_at_a_time: bool) -> list[list[Slot]]:
    """The slots in an order in which they may be entered; with `one_at_a_time` no contact can be in two slots of one wave.

    A contact has moved into a segment, or out of it, at one moment only: the last.
    """
    if not one_at_a_time or all(slot.members is not None for slot in slots):
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


SLOT_COLUMNS: Mapping[str, Any] = {
    "at": Instant(), "key": sa.String(), "trigger": Json, "zone_key": sa.String(), "country": sa.String(), "day": sa.Integer(),
    "month": sa.Integer(), "year": sa.Integer(), "base_year": sa.Integer(), "min_years": sa.Integer(),
    "moved_at": Instant(), "changed_since": Instant(), "not_since": Instant(),
}


def slot_json(slot: Slot, re_entry: ReEntry) -> dict[str, object]:
    """The slot as a row of that table. `not_since`: whose last entry is not before that is kept out."""
    residence, match, members = slot.residence, slot.match, slot.members
    return {
        "at": instant_text(slot.at), "key": slot.key, "trigger": dict(slot.trigger),
        "zone_key": residence.zone_key if residence else None, "country": residence.country if residence else None,
        "day": match.day if match else None, "month": match.month if match else None, "year": match.year if match else None,
        "base_year": match.base_year if match else None, "min_years": match.min_years if match else None,
        "moved_at": instant_text(members.moved_at) if members and members.moved_at else None,
        "changed_since": instant_text(slot.changed_since) if slot.changed_since else None,
        "not_since": instant_text(not_since(slot, re_entry)),
    }


def not_since(slot: Slot, re_entry: ReEntry) -> datetime:
    """Whoever entered after this moment is kept out at the slot: FOREVER where re-entry is never allowed."""
    if not re_entry.allowed or re_entry.after is None:
        return FOREVER
    return max(add(slot.at, -re_entry.after, zone(name)) for name in _zones(slot))


def _zones(slot: Slot) -> tuple[str, ...]:
    return (zones_from_key(slot.residence.zone_key, ZoneSource.CONTACT).names if slot.residence else ()) or ("UTC",)
