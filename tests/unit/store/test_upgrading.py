"""Which version the tables must be of is known without alembic, which is loaded only where they are of another one."""

from __future__ import annotations

import subprocess
import sys

from engage.store.migrating import HEAD
from engage.store.upgrading import head, revisions

BEGUN = """\
import sys
from engage.store.database import Database
database = Database.open("sqlite://")
assert "alembic" not in sys.modules, "loaded at the start"
try:
    database.require_migrated()
except Exception as error:
    assert "engage migrate" in str(error), error
assert "alembic" not in sys.modules, "loaded to look"
database.migrate()
assert "alembic" in sys.modules
database.require_migrated()
"""


def test_the_version_that_is_asked_for_is_the_newest_that_there_is() -> None:
    assert head() == HEAD
    assert HEAD in revisions()


def test_a_process_that_only_looks_loads_nothing_to_migrate_with() -> None:
    done = subprocess.run([sys.executable, "-c", BEGUN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
