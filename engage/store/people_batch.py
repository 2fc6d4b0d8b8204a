"""One batch of people in one transaction: those meant are loaded, merged in memory (`engage.contacts.identity`), and written back.

A handful of statements whatever the batch's size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.consent import new_line
from engage.contacts.identity import Member, Register, comparable
from engage.contacts.places import Unusable
from engage.contacts.ports import Fate, Permission, Person, Stored
from engage.model.addresses import address_key
from engage.model.contact import ADDRESSES, ChannelKind, Consent, Value
from engage.model.workspace import Settings
from engage.store.identities import barred_among, keys_of, known_otherwise, others_of, spellings, why_barred
from engage.store.ledger import append_lines
from engage.store.ledger_tables import consents
from engage.store.people_rows import NEVER, contact_row, date_rows, dates_of
from engage.store.rows import KEY_COLUMNS, Row, consent_of, contact_of
from engage.store.tables import contact_dates, contacts, deliveries


@final
class PeopleBatch:
    """The open transaction's work: load who may be meant, `take` what is told of each, then `write` once."""

    def __init__(self, connection: sa.Connection, settings: Settings, *, secret: bytes, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._secret = secret
        self._now = now
        self._register = Register()
        self._known: dict[Member, Row] = {}
        self._new: list[Member] = []
        self._lines: defaultdict[Member, list[Consent]] = defaultdict(list)
        self._new_lines: list[tuple[Member, Consent]] = []
        self._barred: Mapping[str, datetime] = {}
        self._answers: list[tuple[Member | None, Stored]] = []

    def load_meant(self, persons: Sequence[Person]) -> None:
        """Load, locked, whoever may be meant, and their lines of the ledger where permissions come with them."""
        conditions = [contacts.c.external_id.in_(told)] if (told := _told(persons, "external_id")) else []
        for kind in (ChannelKind.EMAIL, ChannelKind.SMS):
            keys = [address_key(self._secret, kind, address) for address in _told(persons, ADDRESSES[kind])]
            conditions += [contacts.c[KEY_COLUMNS[kind]].in_(keys)] if keys else []
        keys = [key for person in persons for key in keys_of(self._secret, person.attributes).values()]
        conditions += [contacts.c.id.in_(others)] if (others := known_otherwise(self._connection, keys)) else []
        self._barred = barred_among(self._connection, keys)
        if conditions:
            self._load(sa.or_(*conditions))
        if any(person.permissions for person in persons):
            self._load_lines()

    def load(self, contact_ids: Iterable[int]) -> Sequence[Member]:
        """Load these contacts, locked."""
        self._load(contacts.c.id.in_(list(contact_ids)))
        return list(self._known)

    @property
    def answers(self) -> Sequence[Stored]:
        """What became of each person taken, in order; once written with the ids of new contacts."""
        return [_told_of(member, stored) if member else stored for member, stored in self._answers]

    def take(self, person: Person) -> None:
        """Merge one person."""
        try:
            self.refuse_barred(person.attributes)
            found = self._register.find(person.attributes)
            member = found or Member({})
            changed = member.take(person.attributes)
        except Unusable as error:
            self._answers.append((None, Stored(fate=Fate.REFUSED, reason=str(error))))
            return
        if found is None:
            self._new.append(member)
        self._register.add(member)
        added, passed_over = self._permit(member, person.permissions)
        fate = Fate.CREATED if found is None else Fate.CHANGED if changed or added else Fate.UNCHANGED
        self._answers.append((member, Stored(fate=fate, consents=added, passed_over=passed_over)))

    def refuse_barred(self, told: Mapping[str, Value]) -> None:
        """Raise Unusable where one of these identities is that of somebody who was erased."""
        for name, key in keys_of(self._secret, told).items() if self._barred else ():
            if key in self._barred:
                raise Unusable(f"{name}: {why_barred(self._barred[key])}")

    def write(self, *, silent: bool) -> None:
        """Write all that changed."""
        self._insert(silent=silent)
        self._update([member for member in self._known if member.has_changed], silent=silent)
        append_lines(self._connection, [replace(line, contact_id=member.id or 0) for member, line in self._new_lines])

    def rewrite(self) -> int:
        """Write all that is loaded, zones and stored dates worked out anew, as no news; the number of those whose zone changed."""
        return self._update(list(self._known), silent=True, dates=True)

    def _load(self, condition: sa.ColumnElement[bool]) -> None:
        asked = sa.select(contacts).where(condition, contacts.c.erased_at.is_(None)).order_by(contacts.c.id).with_for_update()
        rows = self._connection.execute(asked).mappings().all()
        others = others_of(self._connection, [row["id"] for row in rows]) if rows else {}
        for row in rows:
            known = spellings(others.get(row["id"], ()))
            member = Member(contact_of(row, self._settings.attributes).attributes, id=row["id"], others=known)
            self._known[member] = row
            self._register.add(member)

    def _load_lines(self) -> None:
        members = {member.id: member for member in self._known}
        asked = sa.select(consents).where(consents.c.contact_id.in_(list(members))).order_by(consents.c.at, consents.c.id)
        for row in self._connection.execute(asked).mappings():
            self._lines[members[row["contact_id"]]].append(consent_of(row))

    def _permit(self, member: Member, permissions: Sequence[Permission]) -> tuple[int, int]:
        """How many lines the permissions add, and how many undated grants the ledger knows better."""
        added = passed_over = 0
        lines = self._lines[member]
        for permission in permissions:
            line = new_line(permission, lines, contact_id=member.id or 0, now=self._now)
            if line is not None:
                lines.append(line)
                self._new_lines.append((member, line))
                added += 1
            elif permission.at is None and permission.granted and any(not other.granted for other in lines):
                passed_over += 1
        return added, passed_over

    def _insert(self, *, silent: bool) -> None:
        if not self._new:
            return
        entered = {
            "known_at": self._now, "changed_at": NEVER if silent else self._now, "written_at": self._now, "quietly": silent,
        }
        rows = [contact_row(member.attributes, self._settings, secret=self._secret) | entered for member in self._new]
        made = self._connection.execute(contacts.insert().returning(contacts.c.id, sort_by_parameter_order=True), rows)
        dates = []
        for member, row, contact_id in zip(self._new, rows, made.scalars(), strict=True):
            member.id = contact_id
            dates += date_rows(contact_id, member.attributes, row["zone_key"])
        if dates:
            self._connection.execute(contact_dates.insert(), dates)

    def _update(self, members: Sequence[Member], *, silent: bool, dates: bool = False) -> int:
        """Write members that were there; `dates`: their stored dates too, though they seem the same. How many moved to another zone."""
        rows, moved, redated = [], [], []
        for member in members:
            before = self._known[member]
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


def _told_of(member: Member, stored: Stored) -> Stored:
    """The answer, once all is merged: rows that take back what others changed leave their contact unchanged."""
    in_vain = stored.fate is Fate.CHANGED and not stored.consents and not member.has_changed
    return replace(stored, contact_id=member.id, fate=Fate.UNCHANGED if in_vain else stored.fate)


def _told(persons: Sequence[Person], name: str) -> list[str]:
    return list({key: None for person in persons if (key := comparable(name, person.attributes.get(name)))})
