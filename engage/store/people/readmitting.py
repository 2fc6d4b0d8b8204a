"""Somebody who was erased may be taken in again -> what they had withdrawn counts for whoever has the address, by its hash.

The ledger's lines of who was erased stay as the proof, under a number that nobody has any more. Of those that withdraw, new lines tell by
the key of the address, as a STOP does of whoever shares a telephone: so no grant comes back, and no withdrawal is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from engage.model.addresses import READMITTED
from engage.model.consent import decisive_line, lasting
from engage.model.contact import ADDRESSES, ChannelKind, Consent
from engage.store.people.belongings import all_numbers
from engage.store.people.ledger import ERASED, append_lines
from engage.store.rows.rows import consent_of
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.people import barred
from engage.store.sql.lists import among

_KINDS = {name: kind for kind, name in ADDRESSES.items()}


def readmit(connection: sa.Connection, keys: Sequence[str], *, now: datetime) -> bool:
    """Bar none of the identities with these keys any more; False where none was barred. Their withdrawals stay."""
    connection.execute(sa.delete(suppressions).where(suppressions.c.address_key.in_(keys), suppressions.c.reason == ERASED))
    erased = connection.execute(sa.delete(barred).where(barred.c.key.in_(keys)).returning(barred)).all()
    for each in erased:
        if each.name in _KINDS:
            append_lines(connection, list(_withdrawn(connection, each.contact_id, each.key, _KINDS[each.name], now)))
    return bool(erased)


def _withdrawn(connection: sa.Connection, contact_id: int, key: str, kind: ChannelKind, now: datetime) -> Iterator[Consent]:
    """What they had withdrawn that goes for that kind of channel, and a break that they still take, as lines about the address."""
    numbers = {"numbers": all_numbers(connection, contact_id)}
    rows = connection.execute(_LINES, numbers).mappings()
    lines = [replace(consent_of(row), contact_id=contact_id) for row in rows]
    for purpose in dict.fromkeys(line.purpose for line in lines):
        words = [decisive_line(known, contact_id=contact_id, purpose=purpose, kind=kind, now=now) for known in (lasting(lines), lines)]
        for word in dict.fromkeys(word for word in words if word is not None and not word.granted):
            yield replace(word, channel=kind, address_key=key, source=READMITTED, proof=None)


_LINES = sa.select(consents).where(among(consents.c.contact_id, "numbers")).order_by(consents.c.at, consents.c.id)
