"""Bringing the database to this version's tables. Any number of processes may start at once: one migrates, the others wait.

On PostgreSQL whoever waits to change a table keeps all who come after it waiting too, even for what they could have had at once. So a
change waits for a moment only, lets the others go first, and tries again.

Alembic is loaded where the tables are of another version only: it would cost each process a tenth of a second and 9 MB.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engage.model.errors import NotThereError

HEAD = "0001"
"""The newest of `migrations/versions`."""

ADVISORY_LOCK = 0x656E67616765  # "engage"
LOCK_NOT_AVAILABLE = "55P03"


LOCK_SECONDS = 2.0
"""So long a change waits for a table."""

REST_SECONDS = 5.0
"""So long the others go first then."""

TRIES = 30
"""Three and a half minutes."""

Begin = Callable[[], AbstractContextManager[sa.Connection]]
"""Begins a writing transaction."""

Rest = Callable[[float], object]
"""Lets so many seconds go by."""


def migrate(begin: Begin, *, rest: Rest) -> None:
    """Make or change the tables, in one transaction. Safe to repeat; nothing is done where they are of this version.

    Raises NotThereError where a newer version of Engage has migrated them, and where a table could not be had.
    """
    change_patiently(begin, _bring_up, rest=rest)


def change_patiently(begin: Begin, change: Callable[[sa.Connection], None], *, rest: Rest, within: float = LOCK_SECONDS) -> None:
    """Change tables, all or nothing, one process after the other, each had `within` seconds. Raises NotThereError where one was not."""
    for tried in range(1, TRIES + 1):
        try:
            with begin() as connection:
                _take_turns(connection, within)
                change(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            if tried == TRIES:
                raise NotThereError(_in_the_way(begin)) from error
            rest(REST_SECONDS)
        else:
            return


def _bring_up(connection: sa.Connection) -> None:
    if _version(connection) != HEAD:
        _refuse_newer(connection)
        _upgrading().upgrade(connection)


def _take_turns(connection: sa.Connection, within: float) -> None:
    """Others who would change tables are waited for as long as they take: only then is the wait for a lock short."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{within}s'")


def _in_the_way(begin: Begin) -> str:
    with begin() as connection:
        found = connection.exec_driver_sql(_OLDEST).first()
    whose = f" (the oldest is of {found.name or 'a program without a name'}, process {found.pid})" if found is not None else ""
    return (
        f"a table that must be changed is held by another transaction{whose}, and was not to be had in {TRIES} attempts; nothing was "
        "changed. Run `engage migrate` once that transaction is over"
    )


_OLDEST = """
    SELECT application_name AS name, pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL ORDER BY xact_start LIMIT 1"""


def versions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """Of which version the tables are (None: there are none), and which this Engage needs. Raises NotThereError as `migrate` does."""
    if _version(connection) != HEAD:
        _refuse_newer(connection)
    return _version(connection), HEAD


def require_migrated(connection: sa.Connection) -> None:
    """Raise NotThereError unless the tables are of this version."""
    if _version(connection) != HEAD:
        _refuse_newer(connection)
        raise NotThereError("the database is empty, or of an older version of Engage; `engage migrate` brings it to this one")


def _refuse_newer(connection: sa.Connection) -> None:
    version = _version(connection)
    if version is not None and version not in _upgrading().revisions():
        raise NotThereError(f"the database was migrated by a newer version of Engage (to {version}); install that version here too")


def _version(connection: sa.Connection) -> str | None:
    """Where alembic keeps it."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def _upgrading() -> Any:  # a module that is found by its name is typed by nobody
    return importlib.import_module("engage.store.upgrading")
