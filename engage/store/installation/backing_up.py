"""A SQLite database copied while it is at work, and a database that comes back from a backup, made safe to go on with.

What was handed over after a backup was made is not known to it. So a database that comes back sends nothing until people resume it;
what fell due meanwhile is treated as a hand-off that nobody knows the end of; and no id is given out a second time, as the links and
keys of messages that went out since would then mean other ones.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.errors import InputError, NotThereError
from engage.store.campaigns.pausing import pause
from engage.store.database import Database
from engage.store.schema.columns import Id
from engage.store.schema.tables import batches, campaign_states, deliveries, meta, metadata
from engage.store.sql.clock import MachineNow

SKIPPED = 10_000_000
"""How many ids are left out: more than any database gives out between two backups."""

IN_A_BATCH = 1_000
_OURS = "SELECT count(*) FROM sqlite_master WHERE name IN ('deliveries', 'alembic_version')"
OWNER = "restored"
VERSIONS = "alembic_version"
"""Where alembic keeps of which version the tables are."""


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy the database as of now into a new file, whoever writes meanwhile; readable by its owner alone. Raises NotThereError."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)  # in one read transaction: with a log written ahead nobody waits for it
        new.execute("PRAGMA journal_mode = DELETE")  # all in one file
        if new.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise NotThereError(f"the database {source} is damaged: SQLite's quick_check of its copy fails; restore an older backup")
    _sync(target)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def is_engage_file(path: Path) -> bool:
    """Whether it is a SQLite database with the tables of Engage."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return bool(connection.execute(_OURS).fetchone() == (2,))
    except sqlite3.Error:
        return False


def is_empty(database: Database) -> bool:
    """Whether it holds no table of Engage."""
    return not sa.inspect(database.engine).has_table(meta.name)


def empty(database: Database) -> None:
    """Take every table of Engage out again: what could not be made safe must not be found by a process that starts."""
    with database.engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {VERSIONS}"))


def come_back(database: Database, *, now: datetime, lost_at: datetime, reason: str) -> int:
    """Make a migrated database that came from a backup safe to go on with; how many messages were to go by `lost_at` and may have gone.

    All of it in one transaction. Campaigns are planned on from `lost_at`: who entered before it is in the lost database's past.
    """
    if lost_at > now:
        raise InputError.of("--lost-at: the database cannot have been lost in the future", file="<command line>")
    with database.begin() as connection:
        pause(connection, scope="all", name="", now=now, reason=reason)
        _skip_ids(connection)
        planned = campaign_states.c.planned_until
        connection.execute(sa.update(campaign_states).where(planned < lost_at).values(planned_until=lost_at))
        return _leave_to_the_sweep(connection, lost_at)


def _skip_ids(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        column = table.c.get("id")
        if column is None or not isinstance(column.type, type(Id)) or not column.primary_key:
            continue
        if connection.dialect.name == "sqlite":
            _skip_on_sqlite(connection, table)
        else:
            last = sa.select(sa.func.coalesce(sa.func.max(column), 0) + SKIPPED).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), last)))


def _skip_on_sqlite(connection: sa.Connection, table: sa.Table) -> None:
    sequence = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
    mine = sequence.c.name == table.name
    if not connection.execute(sa.update(sequence).where(mine).values(seq=sequence.c.seq + SKIPPED)).rowcount:
        connection.execute(sa.insert(sequence).values(name=table.name, seq=SKIPPED))


def _leave_to_the_sweep(connection: sa.Connection, lost_at: datetime) -> int:
    """What waited and was due by then is as if a worker had died with it in hand: it follows its `on_unknown`."""
    connection.execute(sa.update(batches).values(lease_until=MachineNow()))
    due = (deliveries.c.state == DeliveryState.WAITING.value, deliveries.c.due_at <= lost_at)
    while ids := connection.scalars(sa.select(deliveries.c.id).where(*due).order_by(deliveries.c.id).limit(IN_A_BATCH)).all():
        lease = {"owner": OWNER, "lease_until": MachineNow(), "careful": False, "releases": 0, "delivery_ids": []}
        batch = connection.execute(sa.insert(batches).values(lease).returning(batches.c.id)).scalar_one()
        in_hand = {"batch_id": batch, "state": DeliveryState.SENDING.value, "handed_over": True, "hold": None}
        connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(in_hand))
    under_way = deliveries.c.state == DeliveryState.SENDING.value
    return connection.scalar(sa.select(sa.func.count()).select_from(deliveries).where(under_way)) or 0
