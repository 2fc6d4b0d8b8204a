"""`engage import`: people out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, counted, print_json
from engage.cli.people import pair
from engage.contacts.importing import Instructions, Report, import_file
from engage.contacts.reading import Form
from engage.model.errors import InputError
from engage.rules.document import read
from engage.rules.tree import Map

MapOption = Annotated[
    list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="What a column is called here; NAME empty: leave it out.")
]
MappingOption = Annotated[
    Path | None, typer.Option(help="A YAML file of such names, `COLUMN: NAME` a line; --map goes before it.", metavar="FILE")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An attribute, or a consent_… column, of all rows that do not say it themselves."),
]
DatesOption = Annotated[
    list[str] | None, typer.Option(metavar="[NAME=]FORM", help="How dates are written, such as dd.mm.yyyy; ISO 8601 is always understood.")
]


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV (any encoding and separator) or JSON Lines, both also as .gz; or XLSX.")],
    map_: MapOption = None,
    mapping: MappingOption = None,
    set_: SetOption = None,
    dates: DatesOption = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of text; default: found out.")] = None,
    separator: Annotated[str | None, typer.Option(help="What stands between the values of a CSV file; default: found out.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Which sheet of a workbook; default: the first that is shown.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say exactly what would happen, and write nothing.")] = False,
    silent: Annotated[bool, typer.Option("--silent", help="Start no campaigns on account of what comes in.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in contacts by external_id, else email, else phone; refused rows go to FILE.refused.csv, to be mended and imported again.

    Importing a file again changes nothing. Rows that were refused make the exit status 1.

    Example: engage import people.csv --map "E-mail=email" --dates dd.mm.yyyy --dry-run
    """
    told = Instructions(
        mapping={**(_names(mapping) if mapping else {}), **dict(pair(one, "--map") for one in map_ or [])},
        constants=dict(pair(one, "--set") for one in set_ or []), dates=tuple(dates or ()),
        form=Form(encoding=encoding, separator=_separator(separator), sheet=sheet),
    )
    with app_of(context).open(workspace).engaged() as engaged, _progress(file) as bar:
        report = import_file(
            file, people=engaged.people, settings=engaged.workspace.settings, now=engaged.clock.now(), told=told, silent=silent,
            dry_run=dry_run, progress=bar,
        )
        if not dry_run:
            engaged.nudge()
    _tell(report, dry_run=dry_run, as_json=as_json)
    if report.refused:
        raise typer.Exit(1)


def _tell(report: Report, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
    else:
        for line in _sentences(report, dry_run=dry_run):
            console().print(line)
    for refusal in report.refusals:
        typer.echo(f"{report.file}:{refusal.line}:1: {refusal.reason}", err=True)


def _names(path: Path) -> Mapping[str, str]:
    """The names that a file of them gives to columns. Raises InputError."""
    try:
        tree, problems = read(str(path), path.read_bytes())
    except OSError as error:
        raise InputError.of(f"cannot be read: {error.strerror}", file=str(path)) from error
    if problems:
        raise InputError(problems)
    if not isinstance(tree, Map) or not all(isinstance(name, str) for name in tree.values()):
        raise InputError.of("is no list of names: `COLUMN: NAME`, one a line", file=str(path), line=1)
    return {str(column): str(name) for column, name in tree.items()}


def _separator(told: str | None) -> str | None:
    if told is None:
        return None
    separator = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}.get(told.lower(), told)
    if len(separator) != 1 or separator in '"\r\n':
        raise InputError.of(f"--separator: {told!r} is not one character (or tab, comma, semicolon, space)", file="<command line>")
    return separator


def _sentences(report: Report, *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield (
        f"{counted(report.rows, 'row')}: {report.created} {would}new, {report.changed} {would}changed, {report.unchanged} as they were, "
        f"{report.refused} refused; {counted(report.consents, 'line')} for the consent ledger"
    )
    if report.encoding_guessed:
        yield f"read as {report.encoding}, which is a guess: look at the names, and give --encoding if they are wrong"
    if report.passed_over:
        yield f"{report.passed_over} grants without a date were passed over: these people withdrew, and an undated grant does not undo that"
    for note, rows in report.notes.items():
        yield f"{note} (in {counted(rows, 'row')})"
    if report.left_over:
        yield f"{report.left_over} is of an earlier import: this one refused nothing; delete it unless you are mending it"
    if report.refused_file:
        yield f"the refused rows are in {report.refused_file}: mend them there, and import that file"


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int, int | None], None]]:
    """How far it is, in rows, on a terminal's standard error; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn("{task.completed} rows"), TimeElapsedColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        task = progress.add_task(file.name, total=None)
        yield lambda rows, of: progress.update(task, advance=rows, total=of)
