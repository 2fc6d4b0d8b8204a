"""People as a batch has merged them -> rows: of those who are new, and of those who changed, with their dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.identity import Member
from engage.model.workspace import Settings
from engage.store.people.rows import CONTACTS, DATES, NewPeople, contact_row, date_rows, dates_of
from engage.store.rows.rows import Row
from engage.store.schema.tables import contact_dates, contacts, deliveries
from engage.store.sql.loading import reserve_ids


@final
class PeopleWriting:
    """Writes members of a batch, in its transaction."""

    def __init__(self, connection: sa.Connection, settings: Settings, *, secret: bytes, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._secret = secret
        self._now = now

    def insert(self, members: Sequence[Member], *, silent: bool) -> None:
        """Write members that are new, and give each its id."""
        if not members:
            return
        new = NewPeople(self._settings, secret=self._secret, now=self._now, silent=silent)
        ids = reserve_ids(self._connection, contacts, len(members))
        for member, contact_id in zip(members, ids, strict=True):
            member.id = contact_id
        dates: list[tuple[object, ...]] = []
        CONTACTS.write(self._connection, (_row(new, member, dates) for member in members))
        DATES.write(self._connection, dates)

    def update(self, members: Mapping[Member, Row], *, silent: bool, dates: bool = False) -> int:
        """Write members that were there, each with its row as it was; `dates`: their stored dates too, though they seem the same.

        How many moved to another zone.
        """
        rows, moved, redated = [], [], []
        for member, before in members.items():
            row = contact_row(member.attributes, self._settings, secret=self._secret, before=before)
            moves = row["zone_key"] != before["zone_key"]
            matters = moves or row["country"] != before["country"] or dates_of(member.attributes) != dates_of(member.before)
            row |= {"contact": member.id, "changed_at": self._now if matters and not silent else before["changed_at"]}
            new = member.has_changed
            row |= {"written_at": self._now if new else before["written_at"], "quietly": silent if new else before["quietly"]}
            rows.append(row)
            moved += [member.id] if moves else []
            redated += [(member, row["zone_key"])] if matters or dates else []
        if rows:
            self._connection.execute(contacts.update().where(contacts.c.id == sa.bindparam("contact")), rows)
        self._write_dates(redated)
        self._free_held(moved)
        return len(moved)

    def _write_dates(self, members: Sequence[tuple[Member, object]]) -> None:
        if members:
            ids = [member.id for member, _ in members]
            self._connection.execute(contact_dates.delete().where(contact_dates.c.contact_id.in_(ids)))
        rows = [row for member, zone_key in members for row in date_rows(member.id or 0, member.attributes, zone_key)]
        if rows:
            self._connection.execute(contact_dates.insert(), rows)

    def _free_held(self, contact_ids: Sequence[int | None]) -> None:
        """Deliveries that waited for somebody to mend a zone are looked at again now."""
        if contact_ids:
            held = (deliveries.c.contact_id.in_(contact_ids), deliveries.c.hold == "zone", deliveries.c.state == "waiting")
            self._connection.execute(deliveries.update().where(*held).values(hold=None, due_at=self._now, retry_at=None))


def _row(new: NewPeople, member: Member, dates: list[tuple[object, ...]]) -> tuple[object, ...]:
    """The member's row; those of its dates are added to the others."""
    row, of_dates = new.rows(member.attributes)
    dates += [(member.id, *each) for each in of_dates]
    return (member.id, *row)
