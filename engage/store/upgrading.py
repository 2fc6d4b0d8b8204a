"""What alembic does: tables of an older version become this version's. Loaded by `migrating`, and only where there is something to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade(connection: sa.Connection) -> None:
    """Make or change the tables, in the transaction given."""
    command.upgrade(_config(connection), "head")


def revisions() -> frozenset[str]:
    """All that this version knows."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def head() -> str | None:
    """The newest of them."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
