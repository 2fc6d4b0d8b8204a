"""Notes about the installation as a whole, by name: its secret, the clock of a demo, how often people acted. In the table `meta`."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.tables import meta
from engage.store.sql.inserts import insert_ignoring, upsert

SECRET = "secret"  # noqa: S105  # the note's name

RETENTION = "retention"
"""The note that says up to which day all is removed that is older than it is kept."""


def read_note(connection: sa.Connection, name: str) -> str | None:
    """What the note says; None where there is none."""
    return connection.scalar(_READ, {"name": name})


def write_note(connection: sa.Connection, name: str, value: str) -> None:
    """Let the note say that."""
    upsert(connection, meta, {"name": name, "value": value}, {"value": value})


def raise_note(connection: sa.Connection, name: str, value: str) -> None:
    """Let the note say that, unless it says what sorts behind it: whoever is late changes nothing."""
    higher = sa.case((meta.c.value < value, value), else_=meta.c.value)
    upsert(connection, meta, {"name": name, "value": value}, {"value": higher})


def write_once(connection: sa.Connection, name: str, value: str) -> str:
    """Let the note say that, unless it says something; what it says then, for all who come first at once."""
    connection.execute(insert_ignoring(connection, meta).values(name=name, value=value))
    return str(read_note(connection, name))


def erase_note(connection: sa.Connection, name: str) -> None:
    """Keep none of that name."""
    connection.execute(sa.delete(meta).where(meta.c.name == name))


def count_up(connection: sa.Connection, name: str) -> None:
    """Count one more in the note."""
    more = sa.cast(sa.cast(meta.c.value, sa.BigInteger) + 1, sa.String)
    upsert(connection, meta, {"name": name, "value": "1"}, {"value": more})


def counted(connection: sa.Connection, name: str, *, locked: bool = False) -> int:
    """How far the note has counted. `locked`: nobody counts on until this transaction ends."""
    return int(connection.scalar(_READ_LOCKED if locked else _READ, {"name": name}) or 0)


_READ = sa.select(meta.c.value).where(meta.c.name == sa.bindparam("name"))
_READ_LOCKED = _READ.with_for_update(read=True)
