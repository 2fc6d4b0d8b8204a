"""People whom nobody knows yet, by the thousand: laid out as the database takes them, then brought in if that is who they are.

Laying out asks no database, so that another process can do it, a batch ahead. What bringing in is left with is to ask whether any of
them may be known already, or may not be taken in (`engage.store.people.batch` then looks at each of them), and to hand the rows over.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.consent import take_permissions
from engage.contacts.ports import Brought, Permission, Person
from engage.model.addresses import identity_key
from engage.model.consent import Wording
from engage.model.contact import Value
from engage.model.values import instant_text
from engage.store.database import Database
from engage.store.people.identities import are_any, barred_among
from engage.store.people.ledger import keep_wordings
from engage.store.people.ledger_rows import LINES, TOUCHES, line_values, touch_values
from engage.store.people.meant import ANY_SHARED, CANDIDATES, SHARED, by_index, lock_people
from engage.store.people.rows import COLUMNS, CONTACTS, DATES, NewPeople
from engage.store.schema.tables import contacts
from engage.store.session import WorkspaceNow
from engage.store.sql.loading import Laid, line, reserve_ids

REMEMBERED = 20_000
"""So many different consents of a row are kept with the lines that they come to: those of a list are mostly alike."""

TOLD = ("external_id", "email_key", "phone_key", "chat_key")
"""Columns that tell who somebody is, or where they are reached; by the first three people are told apart."""

DISTINCT = TOLD[:3]

_found_by = itemgetter(*map(COLUMNS.index, TOLD))


@final
@dataclass(frozen=True, slots=True)
class _Page:
    """People, laid out. Rows of dates, and lines with their touches, stand beside the place of whose they are among the contacts."""

    told: Mapping[str, Sequence[str]]  # the values of TOLD
    contacts: Sequence[Laid]
    dated: Sequence[int]
    dates: Sequence[Laid]
    permitted: Sequence[int]
    lines: Sequence[Laid]
    touches: Sequence[Laid]
    wordings: Mapping[str, tuple[str, str, str]]
    passed_over: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Permitted:
    """What the permissions of a newcomer, `told`, come to."""

    told: tuple[Permission, ...]
    lines: Sequence[Laid]
    touches: Sequence[Laid]
    wordings: Mapping[str, tuple[str, str, str]]
    passed_over: int


@final
class SqlNewcomers:
    """The port `engage.contacts.ports.Newcomers`."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow, now: datetime, silent: bool) -> None:
        settings, self._secret = workspace().settings, database.secret()
        self._database = database
        self._workspace = workspace
        self._zone = settings.timezone
        self._now = now
        self._new = NewPeople(settings, secret=self._secret, now=now, silent=silent)
        self._lay: Callable[[tuple[object, ...]], Laid] = tuple if database.dialect == "sqlite" else line
        self._known: dict[int, _Permitted] = {}

    def lay_out(self, persons: Sequence[Person]) -> bytes | None:
        """All of them as rows; None where two of them may be one, or somebody's consents have a proof, which is kept apart."""
        lay, told = self._lay, list[tuple[Any, ...]]()
        rows, dates, lines, touches = list[Laid](), list[Laid](), list[Laid](), list[Laid]()
        dated, permitted, wordings, passed_over = list[int](), list[int](), dict[str, tuple[str, str, str]](), 0
        for place, person in enumerate(persons):
            row, of_dates = self._new.rows(_present(person.attributes))
            rows.append(lay(row))
            told.append(_found_by(row))
            for each in of_dates:
                dates.append(lay(each))
                dated.append(place)
            if person.permissions:
                allowed = self._allowed(person.permissions)
                if allowed is None:
                    return None
                lines += allowed.lines
                touches += allowed.touches
                permitted += [place] * len(allowed.lines)
                wordings |= allowed.wordings
                passed_over += allowed.passed_over
        columns = zip(TOLD, zip(*told, strict=True) if told else [()] * len(TOLD), strict=True)
        by_name = {name: [key for key in keys if key is not None] for name, keys in columns}
        if any(len(set(by_name[name])) < len(by_name[name]) for name in DISTINCT):
            return None
        return marshal.dumps((by_name, rows, dated, dates, permitted, lines, touches, wordings, passed_over))

    def bring_in(self, laid: bytes) -> Brought | None:
        """Store them; None, and nothing is stored, where one of them may be known, or barred, or settings have changed meanwhile."""
        page = _Page(*marshal.loads(laid))  # noqa: S302  # our own
        if self._workspace().settings.timezone != self._zone:
            return None
        with self._database.begin() as connection:
            lock_people(connection)
            if not self._are_unknown(connection, page):
                return None
            ids = reserve_ids(connection, contacts, len(page.contacts))
            CONTACTS.write_laid(connection, ids, page.contacts)
            DATES.write_laid(connection, [ids[place] for place in page.dated], page.dates)
            keep_wordings(connection, [Wording(purpose=each[0], locale=each[1], text=each[2]) for each in page.wordings.values()])
            owners = [ids[place] for place in page.permitted]
            LINES.write_laid(connection, owners, page.lines)
            TOUCHES.write_laid(connection, owners, page.touches)
        return Brought(created=len(ids), consents=len(owners), passed_over=page.passed_over)

    def _are_unknown(self, connection: sa.Connection, page: _Page) -> bool:
        """Whether nobody has, or had, one of their identities, and nobody withdrew anything for their addresses."""
        keys: list[str] = []
        with by_index(connection):
            if are_any(connection):
                external_ids = [identity_key(self._secret, "external_id", each) for each in page.told["external_id"]]
                keys = [*external_ids, *(key for name in TOLD[1:] for key in page.told[name])]
                if barred_among(connection, keys):
                    return False
            if connection.execute(CANDIDATES, {**page.told, "keys": keys}).first() is not None:
                return False
            if not page.lines or not connection.scalar(ANY_SHARED):
                return True
            addresses = [key for name in TOLD[1:] for key in page.told[name]]
            return connection.execute(SHARED, {"keys": addresses}).first() is None

    def _allowed(self, told: tuple[Permission, ...]) -> _Permitted | None:
        """What these permissions come to of somebody of whom the ledger says nothing; None where they have a proof."""
        known = self._known.get(id(told))
        if known is None:
            if any(each.proof for each in told):
                return None
            taken = take_permissions(told, [], contact_id=0, now=self._now)
            new = [(instant_text(each.at), each) for each in taken.lines]
            known = _Permitted(
                told=told, lines=[self._lay(line_values(*each)) for each in new], touches=[self._lay(touch_values(*each)) for each in new],
                wordings={hash: (each.purpose, each.locale, each.text) for hash, each in taken.wordings.items()},
                passed_over=taken.passed_over,
            )
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[id(told)] = known  # which keeps `told`, so that nothing else has its id
        return known


def _present(attributes: Mapping[str, Value]) -> Mapping[str, Value]:
    """Without those that are to be cleared."""
    return {name: value for name, value in attributes.items() if value is not None} if None in attributes.values() else attributes
