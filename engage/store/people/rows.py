"""A person's attributes as rows: of `contacts` with its zone and the keys of its addresses, and of `contact_dates`.

Of people who come by the million, as they are loaded: tuples, moments and documents as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, final

from engage.contacts.zones import resolve
from engage.model.addresses import address_coder, address_key
from engage.model.contact import ADDRESSES, BUILT_IN_ATTRIBUTES, Money, Value
from engage.model.values import instant_text, to_json
from engage.model.workspace import Settings
from engage.store.rows.documents import quoted_json
from engage.store.rows.rows import KEY_COLUMNS, Row
from engage.store.schema.tables import contact_dates, contacts
from engage.store.sql.loading import BulkLoad, document

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


@final
class NewPeople:
    """People who are new, as rows: all of a row but whose it is."""

    def __init__(self, settings: Settings, *, secret: bytes, now: datetime, silent: bool) -> None:
        moment = instant_text(now)
        self._zone = settings.timezone
        self._coders = [(name, address_coder(secret, kind)) for kind, name, _ in _KEYED]
        self._entered = (moment, instant_text(NEVER) if silent else moment, moment, silent)

    def rows(self, attributes: Mapping[str, Value]) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
        """The row of `contacts`, and those of `contact_dates`."""
        get = attributes.get
        zones = resolve(
            timezone=_text(attributes, "timezone"), phone=_text(attributes, "phone"), country=_text(attributes, "country"),
            workspace=self._zone,
        )
        zone_key, created = zones.key, get("created_at")
        declared: list[str] = []
        dates: list[tuple[object, ...]] = []
        for name, value in attributes.items():
            if name not in BUILT_IN_ATTRIBUTES:
                declared.append(_NAMED[name] + (quoted_json(value) if type(value) is str else _declared(value)))
                if type(value) is date:
                    dates.append((name, value.year, value.month, value.day, zone_key))
        keys = [code(address) if isinstance(address := get(name), str) and address else None for name, code in self._coders]
        row = (
            *map(get, _PLAIN), _tags(get("tags")), instant_text(created) if isinstance(created, datetime) else None,
            f"{{{', '.join(declared)}}}", *keys, zone_key, zones.source.value, *self._entered,
        )
        return row, dates


class _Named(dict[str, str]):
    """Names of attributes, of which there are few, as they begin a member of a JSON object."""

    def __missing__(self, name: str) -> str:
        begun = self[name] = f"{quoted_json(name)}: "
        return begun


_NAMED = _Named()


def _declared(value: Value) -> str:
    """A declared attribute's value as JSON."""
    if isinstance(value, Money):
        return f'{{"amount": "{value.amount}", "currency": {quoted_json(value.currency)}}}'
    if type(value) is date:
        return f'"{value.isoformat()}"'
    return document(to_json(value))


@lru_cache(maxsize=4_096)
def _tags(value: Value) -> str:
    return document(to_json(value))


_PLAIN = tuple(name for name in BUILT_IN_ATTRIBUTES if name not in ("tags", "created_at"))
COLUMNS = (
    *_PLAIN, "tags", "created_at", "attributes", *(column for _, _, column in _KEYED), "zone_key", "zone_source", "known_at", "changed_at",
    "written_at", "quietly",
)
"""Of the rows of `contacts` that `NewPeople` makes."""

CONTACTS = BulkLoad(contacts, ("id", *COLUMNS))
DATES = BulkLoad(contact_dates, ("contact_id", "name", "year", "month", "day", "zone_key"))
