"""Rows by the thousand into one table, the fastest way that each database has: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, final

import sqlalchemy as sa

Laid = bytes | tuple[object, ...]
"""A row but its first column, as the database takes it: PostgreSQL as a line of COPY, SQLite as the values."""

BLOCK = 256
"""Lines that go to PostgreSQL at once: it takes them in while the next are laid out."""


@final
class BulkLoad:
    """The same columns of a table, again and again."""

    def __init__(self, table: sa.Table, names: Sequence[str]) -> None:
        listed = ", ".join(f'"{name}"' for name in names)
        self._sqlite = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # our own names alone
        self._postgresql = f"COPY {table.name} ({listed}) FROM STDIN WITH (ENCODING 'UTF8')"

    def write(self, connection: sa.Connection, rows: Iterable[tuple[object, ...]]) -> None:
        """Write the rows, in their order: moments as `instant_text` has them, values of JSON columns as a `document`."""
        if connection.dialect.name == "sqlite":
            self._insert(connection, list(rows))
        else:
            self._copy(connection, map(line, rows))

    def write_laid(self, connection: sa.Connection, ids: Iterable[int], rows: Iterable[Laid]) -> None:
        """The same of rows that are laid out but for their first column, a number, which stands in `ids`."""
        numbered: Iterable[tuple[int, Any]] = zip(ids, rows, strict=True)
        if connection.dialect.name == "sqlite":
            self._insert(connection, [(number, *row) for number, row in numbered])
        else:
            self._copy(connection, (b"%d\t%b" % each for each in numbered))

    def _insert(self, connection: sa.Connection, rows: list[tuple[object, ...]]) -> None:
        if rows:
            connection.exec_driver_sql(self._sqlite, rows)

    def _copy(self, connection: sa.Connection, lines: Iterator[bytes]) -> None:
        block = b"".join(islice(lines, BLOCK))
        if not block:
            return
        driver: Any = connection.connection.cursor()
        with driver.copy(self._postgresql) as copy:
            while block:
                copy.write(block)
                block = b"".join(islice(lines, BLOCK))


def reserve_ids(connection: sa.Connection, table: sa.Table, number: int) -> Sequence[int]:
    """Ids for so many new rows of a table, which nobody else will get: to ask for each row's own would cost more than the row."""
    if connection.dialect.name == "sqlite":
        last = connection.scalar(_LAST_ID, {"name": table.name}) or 0
        return range(last + 1, last + 1 + number)
    drawn = connection.scalar(_DRAWN_IDS, {"name": table.name, "number": number}) or ""
    return [int(each) for each in drawn.split(",")] if drawn else []


def line(row: Sequence[object]) -> bytes:
    """The values as a line of PostgreSQL's COPY, in its text format. The driver makes one of each value apart, in six times the time."""
    text = "\t".join([value if type(value) is str else _NULL if value is None else str(value) for value in row])
    if "\n" in text or "\r" in text or text.count("\t") != len(row) - 1 or text.count("\\") != row.count(None):
        text = "\t".join([_NULL if value is None else str(value).translate(_ESCAPES) for value in row])
    return text.encode() + b"\n"


def document(value: object) -> str:
    """A value of a JSON column, as SQLAlchemy would write it."""
    return _json(value)


_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_json = json.JSONEncoder().encode  # what `json.dumps` does, and so SQLAlchemy
_LAST_ID = sa.select(sa.column("seq", sa.Integer)).select_from(sa.table("sqlite_sequence")).where(sa.column("name") == sa.bindparam("name"))
_DRAWN_IDS = sa.text(  # as one text: a row of a result costs more than its number
    "SELECT string_agg(CAST(nextval(drawn.sequence) AS text), ',') FROM generate_series(1, :number), "
    "(SELECT CAST(pg_get_serial_sequence(:name, 'id') AS regclass) AS sequence OFFSET 0) AS drawn"  # looked up once, not for each
)
