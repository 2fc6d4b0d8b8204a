"""One person's data as JSON, all of it: what is kept of whom can be read by whom it is about, and by other systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.privacy import FORMAT, VERSION
from engage.model.contact import BUILT_IN_ATTRIBUTES
from engage.model.errors import InputError
from engage.model.values import moment_text, to_json
from engage.store.people.belongings import Belongings, all_numbers, belongings_of, rows_of
from engage.store.people.identities import KEYS, NAMES, others_of
from engage.store.rows.kept_texts import NOWHERE, place_of, texts_at
from engage.store.rows.rows import Row
from engage.store.schema.ledger import consents, suppressions, wordings
from engage.store.schema.people import identities, merges
from engage.store.schema.tables import calls, contacts, deliveries, events, runs, segment_members, touch_details, touches
from engage.store.sql.lists import among

EXPORTED: Mapping[sa.Table, Sequence[str]] = {
    events: ("id", "type", "at", "received_at", "data"),
    runs: (
        "id", "campaign", "version", "key", "state", "entered_at", "intended_at", "position", "due_at", "trigger", "variables",
        "handed_off_at", "waiting_for", "outcome",
    ),
    deliveries: (
        "id", "run_id", "campaign", "version", "step", "message", "purpose", "intended_at", "due_at", "expires_at", "state", "channel",
        "provider", "sending_at", "attempts", "payload",
    ),
    touches: (
        "id", "at", "kind", "campaign", "version", "run_id", "delivery_id", "step", "message", "purpose", "channel", "provider", "reason",
        "locale", "provider_id", "detail",
    ),
    consents: ("purpose", "channel", "granted", "at", "source", "proof", "ground", "locale", "wording", "expires_at"),
    calls: ("id", "run_id", "step", "endpoint", "data", "created_at", "state"),
}
"""What of a row is about the person; the rest is how the machine keeps it."""

OF_A_MERGE = ("id", "kept_id", "merged_id", "at", "by", "undone_at")


@final
class Exporting:
    """One person's data in an open transaction."""

    def __init__(self, connection: sa.Connection, contact_id: int, *, now: datetime) -> None:
        self._connection = connection
        self._contact_id = contact_id
        self._now = now

    def document(self) -> Mapping[str, object]:
        """All of it, in the shape of docs/privacy.md."""
        row = self._connection.execute(sa.select(contacts).where(contacts.c.id == self._contact_id)).mappings().one_or_none()
        if row is None:
            raise InputError.of(f"there is no contact #{self._contact_id}", file="<command line>")
        theirs = belongings_of(self._connection, self._contact_id)
        return {
            "format": FORMAT, "version": VERSION, "exported_at": moment_text(self._now), "contact": self._contact(row),
            "addresses": self._addresses(row), "consents": self._consents(), "suppressions": self._suppressions(row),
            "segments": self._segments(), "events": self._rows(events, theirs.events), "runs": self._rows(runs, theirs.runs),
            "messages": self._rows(deliveries, theirs.deliveries), "history": self._history(theirs), "calls": self._calls(theirs),
            "merges": self._merges(),
        }

    def _contact(self, row: Row) -> Mapping[str, object]:
        known = {name: to_json(row[name]) for name in BUILT_IN_ATTRIBUTES if row[name] is not None}
        return {
            "id": row["id"], "attributes": {**row["attributes"], **known}, "zone": row["zone_key"], "zone_source": row["zone_source"],
            **_json(row, ("known_at", "changed_at", "written_at", "erased_at")),
        }

    def _addresses(self, row: Row) -> Sequence[Mapping[str, object]]:
        primary = [{"name": name, "value": row[name], "primary": True} for name in NAMES if row[name]]
        others = others_of(self._connection, [self._contact_id]).get(self._contact_id, ())
        return [*primary, *(
            {"name": each.name, "value": each.value, "primary": False, "source": each.source, "added_at": _plain(each.added_at)}
            for each in others
        )]

    def _consents(self) -> Sequence[Mapping[str, object]]:
        """Each line with what was read; those that a merge set aside, too."""
        mine = consents.c.contact_id.in_(all_numbers(self._connection, self._contact_id))
        rows = self._connection.execute(sa.select(consents).where(mine).order_by(consents.c.at, consents.c.id)).mappings().all()
        read = {row.hash: row for row in self._connection.execute(
            sa.select(wordings).where(wordings.c.hash.in_({row["wording"] for row in rows if row["wording"]}))
        )}
        texts = {hash_: {"hash": hash_, "locale": text.locale, "text": text.text} for hash_, text in read.items()}
        return [
            _json(row, EXPORTED[consents]) | {
                "wording": texts.get(row["wording"], row["wording"]), "counts": row["contact_id"] == self._contact_id,
            }
            for row in rows
        ]

    def _suppressions(self, row: Row) -> Sequence[Mapping[str, object]]:
        others = self._connection.execute(sa.select(identities).where(identities.c.contact_id == self._contact_id)).all()
        known = {row[column]: (name, row[name]) for name, column in KEYS.items() if name != "external_id"}
        known |= {each.key: (each.name, each.value) for each in others}
        listed = sa.select(suppressions).where(suppressions.c.address_key.in_([key for key in known if key]))
        return [
            {"kind": each.channel, "address": known[each.address_key][1], "reason": each.reason, "at": _plain(each.at)}
            for each in self._connection.execute(listed.order_by(suppressions.c.at))
        ]

    def _segments(self) -> Sequence[Mapping[str, object]]:
        mine = sa.select(segment_members).where(segment_members.c.contact_id == self._contact_id).order_by(segment_members.c.segment)
        return [_json(row, ("segment", "inside", "moved_at")) for row in self._connection.execute(mine).mappings()]

    def _rows(self, table: sa.Table, ids: Iterable[Any]) -> Sequence[Mapping[str, object]]:
        return [_json(row, EXPORTED[table]) for row in rows_of(self._connection, table, ids)]

    def _history(self, theirs: Belongings) -> Sequence[Mapping[str, object]]:
        asked = sa.select(touch_details).where(among(touch_details.c.touch_id, "ids"))
        apart = {row.touch_id: row.private for row in self._connection.execute(asked, {"ids": theirs.touches})}
        rows = rows_of(self._connection, touches, theirs.touches)
        kept = texts_at(self._connection, {place for row in rows if (place := place_of(row)) is not None})
        return [
            _json(row, EXPORTED[touches]) | {"private": apart.get(row["id"]) or kept.get(place_of(row) or NOWHERE, {})} for row in rows
        ]

    def _calls(self, theirs: Belongings) -> Sequence[Mapping[str, object]]:
        asked = sa.select(calls).where(among(calls.c.run_id, "ids")).order_by(calls.c.id)
        return [_json(row, EXPORTED[calls]) for row in self._connection.execute(asked, {"ids": theirs.runs}).mappings()]

    def _merges(self) -> Sequence[Mapping[str, object]]:
        numbers = all_numbers(self._connection, self._contact_id)
        asked = sa.select(merges).where(merges.c.kept_id.in_(numbers)).order_by(merges.c.id)
        return [
            _json(row, OF_A_MERGE) | {name: row["record"].get(name) for name in ("before", "merged")}
            for row in self._connection.execute(asked).mappings()
        ]


def _json(row: Row, names: Iterable[str]) -> dict[str, object]:
    return {name: _plain(row[name]) for name in names}


def _plain(value: object) -> object:
    return moment_text(value) if isinstance(value, datetime) else value
