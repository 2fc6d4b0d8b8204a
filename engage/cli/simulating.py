"""`engage simulate`: the very code that sends, asked beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.calendar import print_day, print_totals
from engage.cli.output import console, moment, print_rows
from engage.model.errors import InputError, nearest
from engage.model.workspace import Workspace
from engage.simulation.calendar import Calendar
from engage.simulation.lines import Line

CONTACTS = "contacts.csv"
"""The people who come with a workspace, as those of the demo do."""


def simulate(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="First moment, ISO 8601 (UTC where no offset is given).")],
    end: Annotated[str, typer.Option("--to", help="Up to this moment, which is not simulated any more.")],
    contact: Annotated[str | None, typer.Option(help="Show this contact's touches only, all of them.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Run this campaign only.")] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="Over the people of this contacts file; default: the database's, or contacts.csv's while it is empty."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="What providers, people and endpoints do: a YAML file with `answers`, as in a campaign test."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every touch that would be written between two moments. Nothing is sent, nothing is stored.

    Without --json a calendar, by the recipients' own days: each touch where a campaign has a few, figures where it has many.

    Example: engage simulate --from 2026-02-27T00:00Z --to 2026-03-02T00:00Z --json
    """
    office = app_of(context).open(workspace)
    begin, until = moment(start, name="--from"), moment(end, name="--to")
    if begin is None or until is None or begin >= until:
        raise InputError.of("--from must be before --to", file="<command line>")
    known_campaign(office.workspace(), campaign)
    if people is None and not office.has_people() and (office.root / CONTACTS).is_file():
        people = office.root / CONTACTS
        typer.echo(f"nobody was imported yet: these are the people of {CONTACTS}", err=True)
    with _progress(begin, until, as_json=as_json) as (shown, reached):
        lines = office.simulate(
            start=begin, end=until, campaign=campaign, contact=contact, people=people, answers=answers, reached=reached
        )
        if as_json:
            print_rows((line.row() for line in lines), as_json=True, columns=())
        else:
            _print_calendar(lines, shown, everything=contact is not None)


def _print_calendar(lines: Iterable[Line], to: Console, *, everything: bool) -> None:
    calendar = Calendar(everything=everything)
    for day in calendar.days(lines):
        print_day(day, to=to)
    print_totals(calendar.totals, to=to)


@contextmanager
def _progress(begin: datetime, until: datetime, *, as_json: bool) -> Iterator[tuple[Console, Callable[[datetime], None]]]:
    """Where to print, and whom to tell how far the clock is: a bar on a terminal, that rows of JSON on it do not need."""
    shown = console()
    bar = shown if shown.is_terminal else Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    hidden = not bar.is_terminal or (as_json and shown.is_terminal)
    with Progress(*columns, console=bar, transient=True, disable=hidden) as progress:
        task = progress.add_task("simulating", total=(until - begin).total_seconds())

        def reached(now: datetime) -> None:
            progress.update(task, completed=(now - begin).total_seconds(), description=f"{now:%Y-%m-%d %H:%M}")

        yield shown, reached


def known_campaign(workspace: Workspace, name: str | None) -> None:
    """Raises InputError where no campaign has that name."""
    if name is not None and name not in workspace.campaigns:
        known = ", ".join(sorted(workspace.campaigns)) or "none"
        raise InputError.of(
            f"there is no campaign {name!r}; there are: {known}", file="<command line>", suggestion=nearest(name, workspace.campaigns)
        )
