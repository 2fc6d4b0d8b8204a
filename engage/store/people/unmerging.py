"""Taking a merge back: both contacts as they were, and what happened since with the one that was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.merging import Merge
from engage.model.addresses import identity_key
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.store.people.belongings import Belongings, move
from engage.store.people.identities import NAMES
from engage.store.people.ledger import append_lines
from engage.store.people.merge_records import Columns, Record, columns_of, read_record, restored, row_of
from engage.store.people.merge_runs import begin_again
from engage.store.people.rows import contact_row, date_rows
from engage.store.rows.rows import Row, add_touches, consent_of, contact_of
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.people import identities, merges
from engage.store.schema.tables import contact_dates, contacts, deliveries, segment_members, touches
from engage.store.session import WorkspaceNow
from engage.store.sql.lists import among

UNDONE = "undone"
OBJECTIONS = [kind.value for kind in (Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.REPLIED, Kind.BOUNCED)]


@final
class Unmerging:
    """One merge taken back, in an open transaction."""

    def __init__(self, connection: sa.Connection, workspace: WorkspaceNow, *, secret: bytes, now: datetime) -> None:
        self._connection = connection
        self._settings = workspace().settings
        self._secret, self._now = secret, now

    def undo_last(self, kept_id: int, *, by: str) -> Merge:
        """The last one into this contact. Merges are taken back in the order opposite to that in which they were made."""
        row = self._last(kept_id)
        record, merged_id = read_record(row["record"]), int(row["merged_id"])
        kept = self._locked(kept_id, merged_id)
        theirs = self._with_late(Belongings.of_json(record.belongings), kept_id)
        self._give_back_lines(record, row["id"], kept_id, merged_id)
        move(self._connection, theirs, to=merged_id)
        begin_again(self._connection, record.ended, record.recalled)
        back = restored(record.before, record.after, columns_of(kept))
        theirs_again = {name for name in NAMES if record.merged[name] and back[name] == record.merged[name]}
        self._refuse_taken(record.merged["external_id"], kept_id, merged_id)
        self._write_contact(back | {name: record.before[name] for name in theirs_again}, kept_id)
        self._write_contact(record.merged, merged_id)
        self._give_back_identities(record, kept_id, merged_id)
        self._give_back_members(record, kept_id, merged_id)
        self._take_off_list(record, kept_id, row["at"])
        return self._remember(row, by=by)

    def _last(self, kept_id: int) -> Row:
        asked = sa.select(merges).where(merges.c.kept_id == kept_id, merges.c.undone_at.is_(None)).order_by(merges.c.id.desc()).limit(1)
        row = self._connection.execute(asked.with_for_update()).mappings().first()
        if row is None or not row["record"]:
            raise InputError.of("nobody was merged into this contact whom it could be parted from", file="<command line>")
        return row

    def _locked(self, kept_id: int, merged_id: int) -> Row:
        asked = sa.select(contacts).where(contacts.c.id.in_([kept_id, merged_id])).order_by(contacts.c.id).with_for_update()
        known = {row["id"]: row for row in self._connection.execute(asked).mappings()}
        kept: Row = known[kept_id]
        if kept["erased_at"] is not None:
            raise InputError.of(f"there is no contact #{kept_id}", file="<command line>")
        return kept

    def _refuse_taken(self, external_id: str | None, *both: int) -> None:
        """Somebody else may have been given the external id since, where people said that it is not this contact's."""
        taken = sa.select(contacts.c.id).where(contacts.c.external_id == external_id, contacts.c.id.not_in(both))
        if external_id is not None and self._connection.scalar(taken) is not None:
            raise InputError.of(f"another contact has the external_id {external_id!r} by now", file="<command line>")

    def _with_late(self, theirs: Belongings, kept_id: int) -> Belongings:
        """With what their runs have made since."""
        def since(table: sa.Table) -> Sequence[int]:
            mine = (table.c.contact_id == kept_id, among(table.c.run_id, "runs"))
            return self._connection.scalars(sa.select(table.c.id).where(*mine), {"runs": theirs.runs}).all()

        return theirs | Belongings(deliveries=since(deliveries), touches=since(touches)) if theirs.runs else theirs

    def _give_back_lines(self, record: Record, merge_id: int, kept_id: int, merged_id: int) -> None:
        """What was set aside counts again, what the merge wrote is nobody's; a withdrawal since then counts for both."""
        mine = sorted(set(record.aside) - set(record.belongings["consents"]))
        for ids, owner in ((mine, kept_id), (record.appended, -merge_id)):
            if ids:
                self._connection.execute(sa.update(consents).where(among(consents.c.id, "ids")).values(contact_id=owner), {"ids": ids})
        since = sa.select(consents).where(
            consents.c.contact_id == kept_id, consents.c.id > record.newest_line, ~consents.c.granted,
            consents.c.id.not_in(record.belongings["consents"]),
        )
        lines = [consent_of(row) for row in self._connection.execute(since.order_by(consents.c.id)).mappings()]
        append_lines(self._connection, [replace(line, contact_id=merged_id) for line in lines])

    def _write_contact(self, columns: Columns, contact_id: int) -> None:
        """The row, with what follows of it worked out anew where it is not all as it was."""
        row = row_of(contacts, {name: value for name, value in columns.items() if name != "id"})
        known = contact_of({**row, "id": contact_id}, self._settings.attributes)
        derived = contact_row(known.attributes, self._settings, secret=self._secret, before=row)
        row |= {name: derived[name] for name in ("email_key", "phone_key", "chat_key", "zone_key", "zone_source")}
        row |= {"written_at": self._now, "quietly": True}
        self._connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(row))
        self._connection.execute(sa.delete(contact_dates).where(contact_dates.c.contact_id == contact_id))
        if new := date_rows(contact_id, known.attributes, row["zone_key"]):
            self._connection.execute(contact_dates.insert(), new)

    def _give_back_identities(self, record: Record, kept_id: int, merged_id: int) -> None:
        """What the kept one had come to be known by through the merge alone goes back."""
        before = {(each["contact_id"], each["name"], each["key"]) for each in record.identities}
        came = [each for each in self._rows(identities, identities.c.contact_id == kept_id) if each["source"] == "merge" or (
            (merged_id, each["name"], each["key"]) in before)]
        for each in came:
            if (kept_id, each["name"], each["key"]) not in before:
                mine = (identities.c.contact_id == kept_id, identities.c.name == each["name"], identities.c.key == each["key"])
                self._connection.execute(sa.delete(identities).where(*mine))
        for name in NAMES:  # what has become the primary one again is none of the others
            key = identity_key(self._secret, name, record.before[name]) if record.before[name] else None
            again = (identities.c.contact_id == kept_id, identities.c.name == name, identities.c.key == key)
            self._connection.execute(sa.delete(identities).where(*again))
        theirs = [row_of(identities, each) for each in record.identities if each["contact_id"] == merged_id]
        if theirs:
            self._connection.execute(identities.insert(), theirs)

    def _give_back_members(self, record: Record, kept_id: int, merged_id: int) -> None:
        names = sorted({each["segment"] for each in record.members["merged"]})
        both = (segment_members.c.segment.in_(names), segment_members.c.contact_id.in_([kept_id, merged_id]))
        self._connection.execute(sa.delete(segment_members).where(*both))
        back = [row_of(segment_members, each) for side in record.members.values() for each in side if each["segment"] in names]
        if back:
            self._connection.execute(segment_members.insert(), back)

    def _take_off_list(self, record: Record, kept_id: int, at: datetime) -> None:
        """What the merge put on the suppression list, unless the person has objected since: nobody knows then to which of the two."""
        objected = sa.exists().where(touches.c.contact_id == kept_id, touches.c.at >= at, touches.c.kind.in_(OBJECTIONS))
        mine = (suppressions.c.address_key.in_(record.suppressed), suppressions.c.at == at)
        self._connection.execute(sa.delete(suppressions).where(*mine, ~objected))

    def _rows(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> Sequence[Row]:
        return self._connection.execute(sa.select(table).where(*conditions)).mappings().all()

    def _remember(self, row: Row, *, by: str) -> Merge:
        done: dict[str, Any] = {"undone_at": self._now, "record": {}, "unsettled": False}
        self._connection.execute(sa.update(merges).where(merges.c.id == row["id"]).values(done))
        both = (row["kept_id"], row["merged_id"])
        told = {"merged": row["merged_id"], "merge": row["id"], "by": by}
        add_touches(self._connection, [
            Touch(at=self._now, contact_id=contact_id, kind=Kind.MERGED, reason=UNDONE, detail=told) for contact_id in both
        ])
        return Merge(
            id=row["id"], kept_id=row["kept_id"], merged_id=row["merged_id"], at=row["at"], by=row["by"], undone=True,
        )
