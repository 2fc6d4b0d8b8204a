"""Rows as nouns of the model, and back: the one place where a column meets a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from engage.contacts.zones import zones_from_key
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, ChannelKind, Consent, Contact, Event, Ground, Value
from engage.model.history import Touch
from engage.model.run import Run, RunState
from engage.model.time import ZoneSource
from engage.model.values import from_json, to_json
from engage.store.rows.bulk import BulkInsert
from engage.store.schema.tables import events, touch_details, touches
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.loading import reserve_ids

Row = sa.RowMapping
"""A row of a result, as `.mappings()` gives them."""

EventKinds = Mapping[str, Mapping[str, AttributeKind]]
"""`events:` of engage.yaml: type, field, kind."""

KEY_COLUMNS = {ChannelKind.EMAIL: "email_key", ChannelKind.SMS: "phone_key", ChannelKind.CHAT: "chat_key"}
"""In which column of `contacts` the hash of each kind of address stands."""


def contact_of(row: Row | Mapping[str, Any], kinds: Mapping[str, AttributeKind]) -> Contact:
    """The contact in a row of `contacts`. `kinds` are the declared attributes; what is not declared any more is left out."""
    attributes: dict[str, Value] = {name: row[name] for name in BUILT_IN_ATTRIBUTES if row[name] is not None}
    if "tags" in attributes:
        attributes["tags"] = tuple(row["tags"])
    for name, kind in kinds.items():
        value = from_json(row["attributes"].get(name), kind)
        if value is not None:
            attributes[name] = value
    return Contact(
        id=row["id"], attributes=attributes, zones=zones_from_key(row["zone_key"], ZoneSource(row["zone_source"])),
        erased=row["erased_at"] is not None,
    )


def event_of(row: Row, kinds: EventKinds) -> Event:
    """The event in a row of `events`. A field of a declared type is read as that; others as the JSON they are."""
    declared = kinds.get(row["type"], {})
    data = {name: from_json(raw, declared[name]) if name in declared else _undeclared(raw) for name, raw in row["data"].items()}
    return Event(
        id=row["id"], type=row["type"], at=row["at"], data=data, contact_id=row["contact_id"],
        contact_ref=row["contact_ref"], received_at=row["received_at"], trace=row["trace"],
    )


def event_row(event: Event, *, ref_key: str | None) -> dict[str, object]:
    """The event as a row."""
    return {
        "id": event.id, "type": event.type, "at": event.at, "received_at": event.received_at or event.at,
        "contact_id": event.contact_id, "contact_ref": event.contact_ref, "ref_key": ref_key,
        "data": {name: to_json(value) for name, value in event.data.items()}, "pending": False, "attempts": 0, "trace": event.trace,
    }


def _undeclared(raw: object) -> Value:
    if isinstance(raw, list):
        return tuple(str(item) for item in raw)
    return raw if isinstance(raw, str | bool | int | float) else None


def consent_of(row: Row) -> Consent:
    """The line of the ledger in a row of `consents`."""
    return Consent(
        contact_id=row["contact_id"], purpose=row["purpose"], channel=ChannelKind(row["channel"]) if row["channel"] else None,
        granted=row["granted"], at=row["at"], source=row["source"], proof=row["proof"], address_key=row["address_key"],
        expires_at=row["expires_at"], ground=Ground(row["ground"]) if row["ground"] else None, wording=row["wording"], locale=row["locale"],
    )


def consent_row(consent: Consent) -> dict[str, object]:
    """The line of the ledger as a row."""
    return {
        "contact_id": consent.contact_id, "purpose": consent.purpose, "channel": consent.channel.value if consent.channel else None,
        "granted": consent.granted, "at": consent.at, "source": consent.source, "proof": consent.proof, "address_key": consent.address_key,
        "expires_at": consent.expires_at, "ground": consent.ground.value if consent.ground else None, "wording": consent.wording,
        "locale": consent.locale,
    }


RUN_FIELDS = tuple(name for name in Run.__slots__ if name not in ("id", "state"))


def run_of(row: Row) -> Run:
    """The run in a row of `runs`."""
    return Run(id=row["id"], state=RunState(row["state"]), **{name: row[name] for name in RUN_FIELDS})


TOUCH_FIELDS = tuple(name for name in Touch.__slots__ if name not in ("kind", "private"))


def add_touches(connection: sa.Connection, new: Iterable[Touch]) -> None:
    """Append to the history, in as many statements for a thousand touches as for two. What is personal stands apart."""
    ordered = list(new)
    if not any(touch.private for touch in ordered):
        _TOUCHES.write(connection, [touch_row(touch) for touch in ordered])
        return
    numbered = list(zip(reserve_ids(connection, touches, len(ordered)), ordered, strict=True))
    _NUMBERED.write(connection, [(id_, *touch_row(touch)) for id_, touch in numbered])
    _DETAILS.write(connection, [(id_, touch.private) for id_, touch in numbered if touch.private])


touch_row = attrgetter("kind", *TOUCH_FIELDS)
"""A touch as a row, its columns in this order; a StrEnum is its value."""
_TOUCHES = BulkInsert(touches, ("kind", *TOUCH_FIELDS))
_NUMBERED = BulkInsert(touches, ("id", "kind", *TOUCH_FIELDS))
_DETAILS = BulkInsert(touch_details, ("touch_id", "private"))


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """The first of the moments that are there."""
    return min((moment for moment in moments if moment is not None), default=None)


def insert_pending(connection: sa.Connection, event: Event) -> bool:
    """Store an event of somebody known, or about nobody, to be drawn; False, and nothing written, where its id is known."""
    row = {**event_row(event, ref_key=None), "pending": True}
    return bool(connection.execute(insert_ignoring(connection, events).values(row)).rowcount)
