"""The ledger and the suppression list, when two contacts are one: the strictest consent, every objection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.contacts.strictest import Entry, strictest
from engage.store.people.ledger import append_lines, ledger_of
from engage.store.rows.rows import KEY_COLUMNS, Row, consent_of, consent_row
from engage.store.schema.ledger import consents, suppressions
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.lists import among

NO_OBJECTION = frozenset({"hard_bounce", "mailbox_full"})
"""Reasons that are about a mailbox; every other one is the person's own, whatever address it came by."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgered:
    """What was done: lines set aside (they are the merged one's from now on), lines written, the newest line of the ledger before."""

    aside: tuple[int, ...]
    appended: tuple[int, ...]
    newest: int


def merge_consents(connection: sa.Connection, kept_id: int, merged_id: int, *, now: datetime) -> Ledgered:
    """Make the kept one's consents the strictest of both. The merged one's other lines are still to be moved."""
    newest = connection.scalar(sa.select(sa.func.max(consents.c.id))) or 0
    mine, theirs = _entries(connection, kept_id), _entries(connection, merged_id)
    due = strictest(mine, theirs, kept=kept_id, merged=merged_id, now=now)
    if due.aside:
        lost = sa.update(consents).where(among(consents.c.id, "ids")).values(contact_id=merged_id)
        connection.execute(lost, {"ids": sorted(due.aside)})
    if due.copies:
        connection.execute(consents.insert(), [consent_row(line) for line in due.copies])
    append_lines(connection, due.appended)
    written = sa.select(consents.c.id).where(consents.c.contact_id == kept_id, consents.c.id > newest).order_by(consents.c.id)
    return Ledgered(aside=tuple(sorted(due.aside)), appended=tuple(connection.scalars(written)), newest=newest)


def merge_suppressions(connection: sa.Connection, kept: Row, merged: Row, *, now: datetime) -> Sequence[str]:
    """Put on the list whatever address of theirs is written to, where the person objected by another of the kind; the new keys."""
    objections = dict(_objections(connection, kept, merged))
    new = [
        {"address_key": row[column], "channel": kind, "reason": objections[kind], "at": now}
        for kind, column in ((kind.value, column) for kind, column in KEY_COLUMNS.items()) if kind in objections
        for row in (kept, merged) if row[column]
    ]
    return [row["address_key"] for row in new if connection.execute(insert_ignoring(connection, suppressions).values(row)).rowcount]


def _objections(connection: sa.Connection, *both: Row) -> Iterator[tuple[str, str]]:
    keys = [row[column] for row in both for column in KEY_COLUMNS.values() if row[column]]
    asked = sa.select(suppressions).where(suppressions.c.address_key.in_(keys), suppressions.c.reason.not_in(NO_OBJECTION))
    return ((row.channel, row.reason) for row in connection.execute(asked.order_by(suppressions.c.at)))


def _entries(connection: sa.Connection, contact_id: int) -> Sequence[Entry]:
    return [Entry(id=row["id"], line=consent_of(row)) for row in ledger_of(connection, contact_id)]
