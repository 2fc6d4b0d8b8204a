"""`engage migrate`, `backup`, `restore`: the database as a whole, as those handle it who keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import counted, moment, print_json


def migrate(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Only look: the exit status is 1 where it is needed.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database's tables to this version of Engage. Safe to repeat; starting a process does the same.

    Example: engage migrate --check
    """
    before, needed = app_of(context).open(workspace).migrate(only_look=check)
    is_needed = before != needed
    if as_json:
        print_json({"from": before, "to": needed, "needed": is_needed, "migrated": is_needed and not check})
    elif not is_needed:
        typer.echo(f"nothing to migrate: the tables are of version {needed}")
    else:
        verb = "to be migrated" if check else "migrated"
        typer.echo(f"{verb} from {'an empty database' if before is None else f'version {before}'} to version {needed}")
    if check and is_needed:
        raise typer.Exit(1)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it; must not be there yet.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a backup of the database, while everything goes on. It holds people's data: only its owner may read it.

    Example: engage backup /backups/engage-2026-11-30.db
    """
    size = app_of(context).open(workspace).backup(file)
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        typer.echo(f"{file}: {size:,} bytes")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup that `engage backup` wrote.")],
    lost_at: Annotated[
        str | None,
        typer.Option(help="When the lost database was last at work; default now. What fell due until then may have been sent by it."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup back as the database, which must not be there yet. Everything is paused until you have looked.

    Example: engage restore /backups/engage-2026-11-30.db --lost-at 2026-11-30T09:15Z
    """
    number = app_of(context).open(workspace).restore(file, lost_at=moment(lost_at, name="--lost-at"))
    if as_json:
        print_json({"file": str(file), "may_have_gone": number, "paused": True})
        return
    typer.echo(f"restored from {file}, and paused")
    typer.echo(f"{counted(number, 'message')} may have gone since; `engage status --unknown` lists them once the scheduler runs")
    typer.echo("look, then go on with `engage resume --all`")
