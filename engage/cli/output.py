"""How the commands print: JSON for machines, aligned tables for people, one moment in one way."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import typer
from rich.console import Console
from rich.table import Table

from engage.contacts.normalise import text
from engage.contacts.places import Unusable
from engage.model.contact import Money
from engage.model.errors import InputError
from engage.model.time import Duration
from engage.model.values import moment_text


def print_json(value: object) -> None:
    """One JSON value on a line of its own."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def print_rows(rows: Iterable[Mapping[str, object]], *, as_json: bool, columns: Sequence[str]) -> None:
    """The rows as JSON Lines, or as a table of these columns; rows come as they are made where they are JSON."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """One thing: its keys and values, for people."""
    table = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        table.add_row(key, _cell(value))
    console().print(table)


def console() -> Console:
    """Where tables go; as wide as they need to be where nobody is looking."""
    return Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 240, highlight=False, markup=False)


def moment(text: str | None, *, name: str) -> datetime | None:
    """A moment as given on the command line (ISO 8601; without an offset: UTC). Raises InputError."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of all, elsewhere
        raise InputError.of(f"{name}: {text!r} is no moment; write 2026-02-28T09:00Z", file="<command line>") from None


def words(given: str, *, name: str) -> str:
    """Words given on the command line, to be kept. Raises InputError for control characters, endless ones and none at all."""
    try:
        written = text(given)
    except Unusable as error:
        raise InputError.of(f"{name}: {error.what}", file="<command line>") from error
    if not written:
        raise InputError.of(f"{name} says nothing", file="<command line>")
    return written


def span(text: str, *, name: str) -> Duration:
    """A span of time as given on the command line (`12h`, `30d`). Raises InputError."""
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise InputError.of(f"{name}: {error}", file="<command line>") from error


def json_object(text: str, *, name: str) -> dict[str, object]:
    """A JSON object as given on the command line. Raises InputError."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError.of(f"{name} is no JSON: {error.msg}", file="<command line>", line=error.lineno, column=error.colno) from error
    except ValueError as error:
        raise InputError.of(f"{name} has a number of thousands of digits", file="<command line>") from error
    except RecursionError as error:
        raise InputError.of(f"{name} is nested too deeply", file="<command line>") from error
    if not isinstance(given, dict):
        raise InputError.of(f"{name} must be a JSON object", file="<command line>")
    return given


def counted(number: int, noun: str) -> str:
    """`1 segment`, `2 segments`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        case Mapping() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_plain)
        case _:
            return str(value)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
        case _:
            return str(value)
