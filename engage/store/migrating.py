"""Bringing the database to this version's tables. Any number of processes may start at once: one migrates, the others wait.

Alembic is loaded where the tables are of another version only: it would cost each process a tenth of a second and 9 MB.
"""

from __future__ import annotations

import importlib
from typing import Any

import sqlalchemy as sa

from engage.model.errors import NotThereError

HEAD = "0001"
"""The newest of `migrations/versions`."""

ADVISORY_LOCK = 0x656E67616765  # "engage"


def migrate(connection: sa.Connection) -> None:
    """Make or change the tables, in the transaction given. Safe to repeat; nothing is done where they are of this version.

    Raises NotThereError where a newer version of Engage has migrated them.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    if _version(connection) != HEAD:
        _refuse_newer(connection)
        _upgrading().upgrade(connection)


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
