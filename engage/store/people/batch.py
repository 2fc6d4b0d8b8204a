"""One batch of people in one transaction: those meant are loaded, merged in memory (`engage.contacts.identity`), and written back.

A handful of statements whatever the batch's size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.consent import take_permissions
from engage.contacts.identity import Keys, Member, Register, keys_of
from engage.contacts.places import Unusable
from engage.contacts.ports import Fate, Permission, Person, Stored
from engage.model.consent import Wording
from engage.model.contact import Consent, Value
from engage.model.workspace import Settings
from engage.store.people.identities import are_any, barred_among, hashes_of, others_of, spellings, why_barred
from engage.store.people.ledger import append_of, keep_wordings
from engage.store.people.meant import ANY_SHARED, CANDIDATES, SHARED, by_index, told_of
from engage.store.people.writing import PeopleWriting
from engage.store.rows.rows import Row, consent_of, contact_of
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts
from engage.store.sql.lists import listed_ids


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
        self._shared: defaultdict[str, list[Consent]] = defaultdict(list)
        self._met: set[Member] = set()
        self._new_lines: list[tuple[Member, Consent]] = []
        self._wordings: dict[str, Wording] = {}
        self._barred: Mapping[str, datetime] = {}
        self._answers: list[Stored | tuple[Member, Fate, int, int]] = []
        self._writing = PeopleWriting(connection, settings, secret=secret, now=now)

    def bring_in(self, persons: Sequence[Person]) -> None:
        """Merge each with whoever is meant, in the order given."""
        keys = [keys_of(person.attributes) for person in persons]
        self._load_meant(persons, keys)
        strangers = not self._known and _are_distinct(keys)  # who need not be found among the others of their batch
        for person, own in zip(persons, keys, strict=True):
            self._take(person, own, is_new=strangers)

    def _load_meant(self, persons: Sequence[Person], keys: Sequence[Keys]) -> None:
        """Load, locked, whoever may be meant, and their lines of the ledger where permissions come with them."""
        with by_index(self._connection):
            otherwise = are_any(self._connection)
            told = told_of(persons, keys, self._secret, otherwise=otherwise)
            if otherwise:
                self._barred = barred_among(self._connection, told["keys"])
            if found := self._connection.scalars(CANDIDATES, told).all():
                self.load(found)
            if any(person.permissions for person in persons):
                if self._known:
                    self._load_lines()
                self._load_shared(persons)

    def load(self, contact_ids: Sequence[int]) -> Sequence[Member]:
        """Load these contacts, locked."""
        rows = self._connection.execute(_LOCKED, {"ids": contact_ids}).mappings().all()
        others = others_of(self._connection, [row["id"] for row in rows]) if rows else {}
        for row in rows:
            known = spellings(others.get(row["id"], ()))
            member = Member(contact_of(row, self._settings.attributes).attributes, id=row["id"], others=known)
            self._known[member] = row
            self._register.add(member)
        return list(self._known)

    @property
    def answers(self) -> Sequence[Stored]:
        """What became of each person taken, in order; once written with the ids of new contacts."""
        return [_told_of(*answer) if isinstance(answer, tuple) else answer for answer in self._answers]

    def _take(self, person: Person, keys: Keys, *, is_new: bool) -> None:
        try:
            if self._barred:
                self._refuse_barred(person.attributes)
            found = None if is_new else self._register.find(keys)
            member = found or Member({})
            changed = member.take(person.attributes)
        except Unusable as error:
            self._answers.append(Stored(fate=Fate.REFUSED, reason=str(error)))
            return
        if found is None:
            self._new.append(member)
            if not is_new:
                self._register.add(member, keys)
        elif changed:
            self._register.add(member)
        added, passed_over = self._permit(member, person.permissions) if person.permissions else (0, 0)
        fate = Fate.CREATED if found is None else Fate.CHANGED if changed or added else Fate.UNCHANGED
        self._answers.append((member, fate, added, passed_over))

    def _refuse_barred(self, told: Mapping[str, Value]) -> None:
        """Raise Unusable where one of these identities is that of somebody who was erased."""
        for name, key in hashes_of(self._secret, told).items():
            if key in self._barred:
                raise Unusable(f"{name}: {why_barred(self._barred[key])}")

    def write(self, *, silent: bool) -> None:
        """Write all that changed."""
        self._writing.insert(self._new, silent=silent)
        self._writing.update({member: self._known[member] for member in self._known if member.has_changed}, silent=silent)
        keep_wordings(self._connection, self._wordings.values())
        append_of(self._connection, [(member.id or 0, line) for member, line in self._new_lines])

    def rewrite(self) -> int:
        """Write all that is loaded, zones and stored dates worked out anew, as no news; the number of those whose zone changed."""
        return self._writing.update(self._known, silent=True, dates=True)

    def _load_lines(self) -> None:
        members = {member.id: member for member in self._known}
        for row in self._connection.execute(_LINES, {"ids": list(members)}).mappings():
            self._lines[members[row["contact_id"]]].append(consent_of(row))

    def _load_shared(self, persons: Sequence[Person]) -> None:
        """Load what was withdrawn for these addresses, whoever has them: by a message, or by somebody who was erased."""
        if not self._connection.scalar(ANY_SHARED):
            return
        keys = {key: None for person in persons if person.permissions for key in hashes_of(self._secret, person.attributes).values()}
        for row in self._connection.execute(SHARED, {"keys": list(keys)}).mappings():
            self._shared[row["address_key"]].append(consent_of(row))

    def _lines_of(self, member: Member) -> list[Consent]:
        """What the ledger says of a member, with what others withdrew for its addresses."""
        lines = self._lines[member]
        if self._shared and member not in self._met:
            self._met.add(member)
            for key in hashes_of(self._secret, member.attributes).values():
                lines += [line for line in self._shared.get(key, ()) if line.contact_id != member.id]
        return lines

    def _permit(self, member: Member, permissions: Sequence[Permission]) -> tuple[int, int]:
        """How many lines the permissions add, and how many undated grants the ledger knows better."""
        taken = take_permissions(permissions, self._lines_of(member), contact_id=member.id or 0, now=self._now)
        self._new_lines += [(member, line) for line in taken.lines]
        self._wordings |= taken.wordings
        return len(taken.lines), taken.passed_over


def _are_distinct(keys: Sequence[Keys]) -> bool:
    """Whether no two of them have an identity in common."""
    told = [[key for key in each if key is not None] for each in zip(*keys, strict=True)]
    return all(len(set(each)) == len(each) for each in told)


def _told_of(member: Member, fate: Fate, consents: int, passed_over: int) -> Stored:
    """The answer, once all is merged: rows that take back what others changed leave their contact unchanged."""
    in_vain = fate is Fate.CHANGED and not consents and not member.has_changed
    return Stored(contact_id=member.id, fate=Fate.UNCHANGED if in_vain else fate, consents=consents, passed_over=passed_over)


_IDS = listed_ids("ids")
_LINES = sa.select(consents).select_from(_IDS).join(consents, consents.c.contact_id == _IDS.c.value).order_by(consents.c.at, consents.c.id)
_LOCKED = (
    sa.select(contacts).select_from(_IDS).join(contacts, contacts.c.id == _IDS.c.value)
    .where(contacts.c.erased_at.is_(None)).order_by(contacts.c.id).with_for_update(of=contacts)
)
