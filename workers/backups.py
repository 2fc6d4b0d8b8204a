"""`engage migrate`, `backup` and `restore`: the database as a whole. SQLite by its own means, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from engage.model.errors import InputError, NotThereError
from engage.store.database import Database
from engage.store.installation.backing_up import come_back, copy_sqlite, empty, is_empty, is_engage_file
from engage.store.installation.business_clock import StoredMoment
from workers.clocks import BusinessClock

PART = ".part"
"""Behind the name of a file that is not whole yet."""


def migrate(url: str, *, only_look: bool) -> tuple[str | None, str | None]:
    """Bring the tables to this version, unless they are to be looked at only: of which version they were, and which is needed."""
    database = Database.open(url)
    try:
        before, needed = database.versions()
        if not only_look:
            database.migrate()
        return before, needed
    finally:
        database.close()


def backup(url: str, file: Path, environment: Mapping[str, str]) -> int:
    """Write a backup of the database at work; its size in bytes. The file is whole or not there. Raises InputError, NotThereError."""
    database = Database.open(url)
    try:
        if is_empty(database):
            raise InputError.of("there is nothing to back up: the database has no tables", file="<command line>")
        part = _new(file)
        try:
            _dump(database, part, environment)
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
    finally:
        database.close()
    return file.stat().st_size


def restore(url: str, file: Path, environment: Mapping[str, str], *, lost_at: datetime | None) -> int:
    """Bring a backup back as the database, which must not be there yet, paused; how many messages may have gone since.

    Raises InputError, NotThereError; the database is then as it was.
    """
    if not file.is_file():
        raise InputError.of(f"there is no file {file}", file="<command line>")
    target = _sqlite_file(sa.make_url(url))
    return _bring_back(url, file, environment, lost_at) if target is None else _bring_back_file(target, file, lost_at)


def _bring_back_file(target: Path, file: Path, lost_at: datetime | None) -> int:
    if not is_engage_file(file):
        raise InputError.of(f"{file} is no backup of a SQLite database of Engage", file="<command line>")
    beside = [path for end in ("", "-wal", "-shm") if (path := target.with_name(target.name + end)).exists()]
    if beside:
        raise InputError.of(f"{beside[0]} is there already: stop Engage and move it away first", file="<command line>")
    part = _new(target)
    try:
        copy_sqlite(file, part)
        number = _made_safe(f"sqlite:///{part}", file, lost_at)
        part.rename(target)  # its last connection is closed: all of it is in this one file
    finally:
        for end in ("", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)
    return number


def _bring_back(url: str, file: Path, environment: Mapping[str, str], lost_at: datetime | None) -> int:
    database = Database.open(url)
    try:
        if not is_empty(database):
            raise InputError.of("the database of engage.yaml has tables already: restore into an empty one", file="<command line>")
    finally:
        database.close()
    options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    _run("pg_restore", sa.make_url(url), (*options, str(file)), environment)
    try:
        return _made_safe(url, file, lost_at)
    except BaseException:
        _emptied(url)
        raise


def _emptied(url: str) -> None:
    database = Database.open(url)
    try:
        empty(database)
    finally:
        database.close()


def _made_safe(url: str, file: Path, lost_at: datetime | None) -> int:
    database = Database.open(url)
    try:
        database.migrate()
        now = BusinessClock(StoredMoment(database)).now()
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        reason = f"restored from a backup of {made:%Y-%m-%d %H:%M} UTC; look first, then `engage resume --all`"
        return come_back(database, now=now, lost_at=lost_at or now, reason=reason)
    finally:
        database.close()


def _new(file: Path) -> Path:
    """A name beside it to write to; only a whole file gets its own."""
    if file.exists():
        raise InputError.of(f"{file} is there already: name another file", file="<command line>")
    if not file.parent.is_dir():
        raise InputError.of(f"there is no folder {file.parent}", file="<command line>")
    part = file.with_name(file.name + PART)
    part.unlink(missing_ok=True)
    return part


def _dump(database: Database, part: Path, environment: Mapping[str, str]) -> None:
    url = database.engine.url
    source = _sqlite_file(url)
    if source is not None:
        copy_sqlite(source, part)
        return
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _run("pg_dump", url, ("--format=custom", "--no-owner", "--no-privileges", f"--file={part}"), environment)


def _sqlite_file(url: sa.URL) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise InputError.of("a database in memory cannot be kept", file="<command line>")
    return Path(url.database)


def _run(program: str, url: sa.URL, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a tool of PostgreSQL's against the database. The password goes by the environment, where no list of processes shows it."""
    found = shutil.which(program, path=environment.get("PATH"))
    if found is None:
        raise NotThereError(f"{program} is not there: install PostgreSQL's client programs, of the server's version or newer")
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    plain = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    command = [found, f"--dbname={plain.render_as_string()}", "--no-password", *arguments]
    variables = {**environment, **password}
    ended = subprocess.run(  # noqa: S603  # a tool that is installed, with arguments of our own
        command, env=variables, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )
    if ended.returncode:
        said = (ended.stderr.strip().splitlines() or ["without a word"])[-1]
        raise NotThereError(f"{program} failed: {said}")
