"""A person's attributes as rows: of `contacts` with its zone and the keys of its addresses, and of `contact_dates`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from engage.contacts.zones import resolve
from engage.model.addresses import address_key
from engage.model.contact import ADDRESSES, BUILT_IN_ATTRIBUTES, Value
from engage.model.values import to_json
from engage.model.workspace import Settings
from engage.store.rows import KEY_COLUMNS, Row

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`changed_at` of who came silently: no campaign looks for changes so far back."""


def contact_row(
    attributes: Mapping[str, Value], settings: Settings, *, secret: bytes, before: Row | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """All columns but those that say when. What `before` holds from a time when more was declared stays."""
    zones = resolve(
        timezone=_text(attributes, "timezone"), phone=_text(attributes, "phone"), country=_text(attributes, "country"),
        workspace=settings.timezone,
    )
    held: Mapping[str, object] = before["attributes"] if before else {}
    declared = {name: value for name, value in held.items() if name not in settings.attributes}  # of a time when more was declared
    row: dict[str, Any] = dict.fromkeys(BUILT_IN_ATTRIBUTES)
    for name, value in attributes.items():
        if name in BUILT_IN_ATTRIBUTES:
            row[name] = value
        else:
            declared[name] = to_json(value)
    row["tags"], row["attributes"] = to_json(row["tags"]), declared
    row["zone_key"], row["zone_source"] = zones.key, zones.source.value
    for kind, name, column in _KEYED:
        address = _text(attributes, name)
        row[column] = address_key(secret, kind, address) if address else None
    return row


_KEYED = tuple((kind, name, KEY_COLUMNS[kind]) for kind, name in ADDRESSES.items())


def date_rows(contact_id: int, attributes: Mapping[str, Value], zone_key: object) -> list[dict[str, object]]:
    """A row for each date, by which the campaigns with a date trigger find their people."""
    return [
        {"contact_id": contact_id, "name": name, "year": day.year, "month": day.month, "day": day.day, "zone_key": zone_key}
        for name, day in dates_of(attributes).items()
    ]


def dates_of(attributes: Mapping[str, Value]) -> dict[str, date]:
    """The attributes that are dates (not date-times)."""
    return {name: value for name, value in attributes.items() if isinstance(value, date) and not isinstance(value, datetime)}


def _text(attributes: Mapping[str, Value], name: str) -> str | None:
    value = attributes.get(name)
    return value if isinstance(value, str) else None
