"""Merging two contacts in SQL: one transaction, both locked; the port `engage.contacts.merging.Merging`.

The row of the merged one stays, emptied, as long as the merge can be undone; it counts as erased, so that nobody enters anything as it.
What it had is the other's from then on, and `merges` remembers what changed hands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.merging import Merge, united
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.people.belongings import Belongings, belongings_of, move
from engage.store.people.identities import KEYS, NAMES, add_other
from engage.store.people.meant import lock_people
from engage.store.people.merge_ledger import merge_consents, merge_suppressions
from engage.store.people.merge_records import Columns, Record, columns_of, rows_as_columns
from engage.store.people.merge_runs import end_losers
from engage.store.people.rows import contact_row, date_rows
from engage.store.people.unmerging import Unmerging
from engage.store.rows.rows import Row, add_touches, contact_of
from engage.store.schema.conditions import UNSETTLED
from engage.store.schema.people import identities, merges
from engage.store.schema.tables import contact_dates, contacts, events, runs, segment_members, segment_states
from engage.store.session import WorkspaceNow
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.lists import among

MAY_COME_LATE = timedelta(hours=1)
"""How long after a merge something may still be written by whoever had the merged one in hand."""


@final
class SqlMerging:
    """Merges contacts, and takes it back."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def merge(self, kept_id: int, merged_id: int, *, now: datetime, by: str) -> Merge:
        """Let the one be part of the other: identities, history, runs, the strictest consent, every suppression."""
        if kept_id == merged_id:
            raise InputError.of("a contact cannot be merged with itself", file="<command line>")
        secret = self._database.secret()
        with self._database.begin() as connection:
            lock_people(connection)
            known = _locked(connection, kept_id, merged_id)
            fusion = _Fusion(connection, self._workspace, known[kept_id], known[merged_id], secret=secret, now=now)
            return fusion.merge(by=by)

    def undo(self, kept_id: int, *, now: datetime, by: str) -> Merge:
        """Take back the last merge into this contact."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            lock_people(connection)
            return Unmerging(connection, self._workspace, secret=secret, now=now).undo_last(kept_id, by=by)

    def merges(self, contact_id: int) -> Sequence[Merge]:
        """The merges that this contact has come of, oldest first."""
        asked = sa.select(merges).where(merges.c.kept_id == contact_id).order_by(merges.c.id)
        with self._database.read() as connection:
            return [_merge_of(row) for row in connection.execute(asked).mappings()]

    def gather(self, *, now: datetime) -> int:
        """Give the kept ones what was written of the merged ones since, by whoever had them in hand; of how many merges."""
        with self._database.begin() as connection:
            return sum(_gather(connection, row, now) for row in connection.execute(_UNSETTLED).mappings().all())


@final
class _Fusion:
    """One merge in its transaction."""

    def __init__(
        self, connection: sa.Connection, workspace: WorkspaceNow, kept: Row, merged: Row, *, secret: bytes, now: datetime,
    ) -> None:
        self._connection = connection
        self._settings = workspace().settings
        self._kept, self._merged = kept, merged
        self._kept_id, self._merged_id = int(kept["id"]), int(merged["id"])
        self._secret, self._now = secret, now

    def merge(self, *, by: str) -> Merge:
        """All of it, in an order in which each step finds what it needs."""
        known = self._known()
        ended, recalled = end_losers(self._connection, self._kept_id, self._merged_id, now=self._now)
        theirs = belongings_of(self._connection, self._merged_id)
        ledger = merge_consents(self._connection, self._kept_id, self._merged_id, now=self._now)
        suppressed = merge_suppressions(self._connection, self._kept, self._merged, now=self._now)
        move(self._connection, theirs.less(consents=ledger.aside), to=self._kept_id)
        after = self._write_contacts()
        self._join_segments(known["members"]["merged"])
        record = Record(
            before=columns_of(self._kept), after=after, merged=columns_of(self._merged), belongings=theirs.as_json(),
            aside=list(ledger.aside), appended=list(ledger.appended), newest_line=ledger.newest, suppressed=list(suppressed),
            ended=ended, recalled=recalled, **known,
        )
        return self._remember(record, by=by)

    def _known(self) -> dict[str, Any]:
        """What both had in tables that are written anew."""
        both = {"kept": self._kept_id, "merged": self._merged_id}
        watched = segment_members.c.segment.in_(sa.select(segment_states.c.segment))  # by which their key begins
        return {
            "identities": self._columns(identities, identities.c.contact_id.in_(both.values())),
            "members": {
                name: self._columns(segment_members, watched, segment_members.c.contact_id == id_) for name, id_ in both.items()
            },
        }

    def _columns(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> list[Columns]:
        return rows_as_columns(self._connection.execute(sa.select(table).where(*conditions)).mappings().all())

    def _write_contacts(self) -> Columns:
        """Empty the one, fill up the other; how that is then. It moves nobody into or out of anything."""
        kinds = self._settings.attributes
        mine, theirs = (dict(contact_of(row, kinds).attributes) for row in (self._kept, self._merged))
        attributes = united(mine, theirs)
        held = {**self._kept, "attributes": {**self._merged["attributes"], **self._kept["attributes"]}}
        written = {"written_at": self._now, "quietly": True}
        empty = contact_row({}, self._settings, secret=self._secret) | written | {"erased_at": self._now}
        full = contact_row(attributes, self._settings, secret=self._secret, before=held) | written
        for contact_id, row in ((self._merged_id, empty), (self._kept_id, full)):
            self._connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(row))
        self._move_identities(full)
        both = [self._kept_id, self._merged_id]
        self._connection.execute(sa.delete(contact_dates).where(contact_dates.c.contact_id.in_(both)))
        if dates := date_rows(self._kept_id, attributes, full["zone_key"]):
            self._connection.execute(contact_dates.insert(), dates)
        return columns_of(self._connection.execute(sa.select(contacts).where(contacts.c.id == self._kept_id)).mappings().one())

    def _move_identities(self, full: dict[str, Any]) -> None:
        """All by which the merged one was known, the kept one is; what is primary there is one of the others here."""
        theirs = self._connection.execute(sa.select(identities).where(identities.c.contact_id == self._merged_id)).mappings().all()
        self._connection.execute(sa.delete(identities).where(identities.c.contact_id == self._merged_id))
        for row in theirs:
            moved = {**row, "contact_id": self._kept_id}
            self._connection.execute(insert_ignoring(self._connection, identities).values(moved))
        for name in NAMES:
            if self._merged[name] and self._merged[KEYS[name]] != full[KEYS[name]]:
                add_other(
                    self._connection, self._kept_id, name, self._merged[name], secret=self._secret, source="merge", now=self._now,
                )

    def _join_segments(self, members: Sequence[Columns]) -> None:
        """Where the merged one was in, the kept one is, and always was."""
        mine, segment = segment_members.c.contact_id == self._merged_id, segment_members.c.segment
        names = [each["segment"] for each in members]
        self._connection.execute(sa.delete(segment_members).where(segment.in_(names), mine))
        inside = [{"segment": each["segment"], "contact_id": self._kept_id, "inside": True} for each in members if each["inside"]]
        for row in inside:
            there = (segment == row["segment"], segment_members.c.contact_id == self._kept_id)
            if not self._connection.execute(insert_ignoring(self._connection, segment_members).values(row)).rowcount:
                out = sa.update(segment_members).where(*there, ~segment_members.c.inside)
                self._connection.execute(out.values(inside=True, moved_at=None))

    def _remember(self, record: Record, *, by: str) -> Merge:
        row = {
            "kept_id": self._kept_id, "merged_id": self._merged_id, "at": self._now, "by": by, "record": record.as_json(),
            "unsettled": True,
        }
        merge_id = self._connection.execute(merges.insert().returning(merges.c.id), row).scalar_one()
        told = {"merged": self._merged_id, "merge": merge_id, "by": by}
        add_touches(self._connection, [Touch(at=self._now, contact_id=self._kept_id, kind=Kind.MERGED, detail=told)])
        return Merge(
            id=merge_id, kept_id=self._kept_id, merged_id=self._merged_id, at=self._now, by=by, exited_runs=len(record.ended),
        )


def _merge_of(row: Row) -> Merge:
    return Merge(
        id=row["id"], kept_id=row["kept_id"], merged_id=row["merged_id"], at=row["at"], by=row["by"],
        undone=row["undone_at"] is not None, exited_runs=len(row["record"].get("ended", ())),
    )


def _locked(connection: sa.Connection, *ids: int) -> dict[int, Row]:
    """The contacts, locked in the order in which everybody does."""
    asked = sa.select(contacts).where(contacts.c.id.in_(ids), contacts.c.erased_at.is_(None)).order_by(contacts.c.id).with_for_update()
    known = {row["id"]: row for row in connection.execute(asked).mappings()}
    for missing in sorted(set(ids) - set(known)):
        raise InputError.of(f"there is no contact #{missing}", file="<command line>")
    return known


def _gather(connection: sa.Connection, merge: Row, now: datetime) -> bool:
    """What came late of one merge. Whoever else looks at the contacts waits, or is waited for."""
    both = (merge["kept_id"], merge["merged_id"])
    connection.execute(sa.select(contacts.c.id).where(contacts.c.id.in_(both)).order_by(contacts.c.id).with_for_update())
    record = merge["record"]
    late = belongings_of(connection, merge["merged_id"])
    late = late.less(consents=record["aside"], runs=_clashing(connection, merge["kept_id"], late.runs))
    move(connection, late, to=merge["kept_id"])
    if late.events:  # whoever took them in found the merged one gone, and drew nothing of them
        again = sa.update(events).where(among(events.c.id, "ids")).values(pending=True, attempts=0)
        connection.execute(again, {"ids": late.events})
    known = Belongings.of_json(record["belongings"]) | late
    changed = {"record": {**record, "belongings": known.as_json()}, "unsettled": now - merge["at"] <= MAY_COME_LATE}
    connection.execute(sa.update(merges).where(merges.c.id == merge["id"]).values(changed))
    return bool(late)


def _clashing(connection: sa.Connection, kept_id: int, run_ids: Sequence[int]) -> Sequence[int]:
    """Those of the runs whose key the kept one has used; they are of nobody who can be reached, and end by themselves."""
    other = runs.alias("other")
    same = (other.c.contact_id == kept_id, other.c.campaign == runs.c.campaign, other.c.key == runs.c.key)
    asked = sa.select(runs.c.id).where(among(runs.c.id, "ids"), sa.exists().where(*same))
    return connection.scalars(asked, {"ids": run_ids}).all() if run_ids else []


_UNSETTLED = (
    sa.select(merges)
    .where(sa.text(UNSETTLED), merges.c.undone_at.is_(None))
    .order_by(merges.c.id)
    .with_for_update(skip_locked=True)
)
