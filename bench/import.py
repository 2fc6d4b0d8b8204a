"""A million people out of a CSV file into each database: time, CPU, peak memory; against a bare COPY of the same rows in the same run.

Run as `python -m bench.import`. The file has people of fourteen countries: names in their own scripts, three in four with a number, half
of those as it is dialled at home, most with consents. The baseline puts every row that the import wrote (contacts, dates, ledger,
history) into tables of the same columns without an index, by COPY, or on SQLite by one prepared INSERT, in one transaction.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.databases import ask, named
from bench.guests import ATTRIBUTES, write_file
from engage.contacts.importing import import_file
from engage.store.database import Database
from engage.store.people.contacts import SqlPeople
from tests.builders import a_purpose, a_workspace, some_settings
from tests.servers.postgres import postgres

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WRITTEN = ("contacts", "contact_dates", "consents", "touches")
GOAL = 8.0


def main() -> None:
    """Measure, print for people, and JSON in the last line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--quick", action="store_true", help="50,000 rows")
    asked.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    asked.add_argument("--only-import", metavar="URL", help=argparse.SUPPRESS)
    asked.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.only_import:
        _say(json.dumps(_imported(given.only_import, given.file)))
        return
    rows = 50_000 if given.quick else given.rows
    with tempfile.TemporaryDirectory(prefix="engage-import-") as folder:
        file = Path(folder) / "people.csv"
        write_file(file, rows)
        _say(f"{rows} rows, {file.stat().st_size / 1e6:.0f} MB")
        found = {name: _measured(DATABASES[name], Path(folder), file, rows) for name in given.database or DATABASES}
    _say(json.dumps({"rows": rows, "goal": GOAL, **found}))


def _measured(database: Callable[[Path], Any], folder: Path, file: Path, rows: int) -> Mapping[str, Any]:
    with database(folder) as url:
        first, second = _apart(url, file), _apart(url, file)
        bare, spent = _copied(url)
        found = {
            **first, "again_seconds": second["seconds"], "again_changed": second["created"] + second["changed"] + second["consents"],
            "copy_seconds": bare, "copy_cpu_seconds": spent, "ratio": first["seconds"] / bare,
            "cpu_ratio": first["cpu_seconds"] / spent,
        }
    _say(
        f"{url.split(':')[0]}: {first['created']} new in {first['seconds']:.1f} s ({rows / first['seconds']:.0f} a second, "
        f"{first['cpu_seconds']:.1f} s of CPU), peak {first['peak_mb']:.0f} MB; the same again in {second['seconds']:.1f} s; "
        f"a bare copy of the rows {bare:.1f} s; ratio {found['ratio']:.1f}, by CPU {found['cpu_ratio']:.1f}"
    )
    return found


def _apart(url: str, file: Path) -> dict[str, Any]:
    """The import in a process of its own, so that its peak is its own."""
    command = [sys.executable, "-m", "bench.import", "--only-import", url, "--file", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ourselves
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _imported(url: str, file: Path) -> dict[str, Any]:
    settings = some_settings(attributes=ATTRIBUTES, purposes={name: a_purpose(name) for name in ("marketing", "care")})
    database = Database.open(url)
    database.migrate()
    people = SqlPeople(database, workspace=lambda: a_workspace(settings=settings))
    began, cpu = time.monotonic(), time.process_time()
    report = import_file(file, people=people, settings=settings, now=NOW)
    reader = resource.getrusage(resource.RUSAGE_CHILDREN)  # the process that reads the file; it has ended
    cpu = time.process_time() - cpu + reader.ru_utime + reader.ru_stime
    took = {"seconds": time.monotonic() - began, "cpu_seconds": cpu + _server_seconds(database)}
    database.close()
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + reader.ru_maxrss) / 1024
    counts = {name: getattr(report, name) for name in ("rows", "created", "changed", "refused", "consents")}
    return {**took, "peak_mb": peak, **counts}


def _server_seconds(database: Database) -> float:
    """CPU time of the server's processes for this database, by the kernel."""
    if database.dialect == "sqlite":
        return 0.0
    asked = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
    with database.read() as connection:
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in connection.scalars(asked)) / 1e9


def _copied(url: str) -> tuple[float, float]:
    """How long all of these rows take into tables without an index, and how much CPU, with the server's."""
    database = Database.open(url)
    taken = spent = 0.0
    for table in WRITTEN:
        seconds, cpu = (_copy_sqlite if database.dialect == "sqlite" else _copy_postgresql)(database, table)
        taken, spent = taken + seconds, spent + cpu
    database.close()
    return taken, spent


def _copy_postgresql(database: Database, table: str) -> tuple[float, float]:
    with tempfile.TemporaryFile() as rows, database.begin() as connection:
        driver: Any = connection.connection.cursor()
        with driver.copy(f"COPY {table} TO STDOUT") as out:
            for block in out:
                rows.write(block)
        rows.seek(0)
        connection.execute(sa.text(f"CREATE TABLE bare_{table} (LIKE {table})"))
        connection.commit()
        began, cpu = time.monotonic(), time.process_time() + _server_seconds(database)
        with driver.copy(f"COPY bare_{table} FROM STDIN") as into:
            while block := rows.read(1 << 20):
                into.write(block)
        connection.commit()
        return time.monotonic() - began, time.process_time() + _server_seconds(database) - cpu


def _copy_sqlite(database: Database, table: str) -> tuple[float, float]:
    with database.begin() as connection:
        names = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
        connection.exec_driver_sql(f"CREATE TABLE bare_{table} ({', '.join(names)})")
    taken, spent, last = 0.0, 0.0, 0
    into = f"INSERT INTO bare_{table} VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # our own names alone
    key = "contact_id" if table == "contact_dates" else "id"
    while True:
        with database.read() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT 50000", (last,)  # noqa: S608  # our own names alone
            ).fetchall()
        if not rows:
            return taken, spent
        last = rows[-1][names.index(key)]
        began, cpu = time.monotonic(), time.process_time()
        with database.begin() as connection:
            connection.exec_driver_sql(into, [tuple(row) for row in rows])
        taken, spent = taken + time.monotonic() - began, spent + time.process_time() - cpu


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'people.db'}"


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    with postgres(durable=True) as server:
        ask(server, "CREATE DATABASE people")
        yield named(server, "people")


DATABASES: Mapping[str, Callable[[Path], Any]] = {"postgresql": _postgresql, "sqlite": _sqlite}

if __name__ == "__main__":
    main()
