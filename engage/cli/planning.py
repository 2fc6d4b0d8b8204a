"""`engage plan`: what a change would do before it is live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_json
from engage.cli.output import span as read_span
from engage.cli.plan_text import print_plan
from engage.model.errors import InputError
from engage.model.time import Duration
from engage.simulation.plan import as_json as plan_as_json


def plan(
    context: typer.Context,
    against: Annotated[
        str | None, typer.Option(help="Compare with this git ref (a commit, branch or tag) or folder; default: with what runs now."),
    ] = None,
    span: Annotated[str, typer.Option("--for", help="How far to look ahead.")] = "7d",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the workspace at hand would do that the running one does not: campaigns, runs under way, people, messages.

    Nothing is accepted, nothing is sent, nothing is stored. Exact to 50,000 people; beyond that a random sample, with its interval.

    Example: engage plan --against main --for 2w
    """
    office = app_of(context).open(workspace)
    with _progress() as reached:
        found = office.plan(against=against, span=_ahead(span), reached=reached)
    if as_json:
        print_json(plan_as_json(found))
    else:
        print_plan(found)


def _ahead(text: str) -> Duration:
    ahead = read_span(text, name="--for")
    if min(ahead.months, ahead.days, ahead.seconds) < 0 or ahead == Duration():
        raise InputError.of(f"--for: {text!r} does not lie ahead", file="<command line>")
    return ahead


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    bar = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=bar, transient=True, disable=not bar.is_terminal) as progress:
        task = progress.add_task("looking ahead", total=1.0)
        yield lambda done: progress.update(task, completed=done)
