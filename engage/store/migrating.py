"""Bringing the database to this version's tables. Any number of processes may start at once: one migrates, the others wait."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engage.model.errors import NotThereError

ADVISORY_LOCK = 0x656E67616765  # "engage"


def migrate(connection: sa.Connection) -> None:
    """Make or change the tables, in the transaction given. Safe to repeat; nothing is done where they are of this version.

    Raises NotThereError where a newer version of Engage has migrated them.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    if _version(connection) != _head():
        _refuse_newer(connection)
        command.upgrade(_config(connection), "head")


def versions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """Of which version the tables are (None: there are none), and which this Engage needs. Raises NotThereError as `migrate` does."""
    if _version(connection) != _head():
        _refuse_newer(connection)
    return _version(connection), _head()


def require_migrated(connection: sa.Connection) -> None:
    """Raise NotThereError unless the tables are of this version."""
    if _version(connection) != _head():
        _refuse_newer(connection)
        raise NotThereError("the database is empty, or of an older version of Engage; `engage migrate` brings it to this one")


def _refuse_newer(connection: sa.Connection) -> None:
    version = _version(connection)
    if version is not None and version not in {script.revision for script in _scripts().walk_revisions()}:
        raise NotThereError(f"the database was migrated by a newer version of Engage (to {version}); install that version here too")


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
