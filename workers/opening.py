"""A workspace's folder -> its parts, wired: over its database, which is brought to this version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engage.model.errors import InputError
from engage.settings import load_settings
from engage.store.database import Database
from workers.snapshots import Check
from workers.wiring import Wired


def open_wired(root: Path, environment: Mapping[str, str], *, files: Mapping[str, bytes], check: Check) -> Wired:
    """Open the workspace's database, bring it to this version, and accept what stands in the folder where it passes.

    Raises InputError where engage.yaml cannot be read, and where nothing was ever accepted and the folder does not pass;
    NotThereError where the database does not answer.
    """
    wired = open_only(root, environment, files=files, check=check)
    try:
        wired.folder.look()
        if wired.workspaces.newest_hash() is None:
            raise InputError(check(files))
        wired.settle(wired.workspace)
    except BaseException:
        wired.close()
        raise
    return wired


def open_only(root: Path, environment: Mapping[str, str], *, files: Mapping[str, bytes], check: Check) -> Wired:
    """The same, but nothing is accepted: what stands in the folder is looked at before it is live."""
    settings = load_settings(files, environment, root=root)
    database = Database.open(settings.database)
    try:
        database.migrate()
        return Wired(root, environment, database=database, settings=settings, check=check)
    except BaseException:
        database.close()
        raise
