"""`engage key`: keys of the API, each shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_json, print_rows, span
from engage.model.access import USUAL_RATE, Key, Role
from engage.model.errors import InputError
from engage.model.values import moment_text

key = typer.Typer(help="Keys of the API.", no_args_is_help=True)

COLUMNS = ("id", "name", "role", "rate", "ending", "state", "created_at", "expires_at", "last_used_at")
MOST_RATE = 10_000.0


@key.command()
def create(
    context: typer.Context,
    role: Annotated[Role, typer.Option(help="What it is for: docs/api.md has what each may.")],
    name: Annotated[str | None, typer.Option(help="What it is called in lists and histories; default: its role.")] = None,
    expires: Annotated[str | None, typer.Option(help="How long it is good for (90d, 1w); default: until it is revoked.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, max=MOST_RATE, help="Requests a second.")] = USUAL_RATE,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Make a key and print it. It is printed this once: the database keeps a hash of it.

    Example: engage key create --role sender --name shop --expires 365d
    """
    good_for = None if expires is None else _seconds(expires)
    if name is not None and not (0 < len(name) <= 100 and name.isprintable()):
        raise InputError.of("--name is text of 1 to 100 characters", file="<command line>")
    with app_of(context).open(workspace).engaged() as engaged:
        made, text = engaged.keys.create(name or role.value, role, rate=rate, expires_in=good_for)
    if as_json:
        print_json({**_row(made), "key": text})
    else:
        typer.echo(text)
        typer.echo(f"key {made.id}, {made.name!r}, role {made.role}: it is not shown again", err=True)


@key.command("list")
def list_(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the keys that were made: what each is for, by which characters it ends, when it was used last.

    Example: engage key list
    """
    with app_of(context).open(workspace).engaged() as engaged:
        rows = [_row(each) for each in engaged.keys.every()]
    print_rows(rows, as_json=as_json, columns=COLUMNS)


@key.command()
def revoke(
    context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID", help="Its number, as listed.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Let a key open nothing any more, from the next request on.

    Example: engage key revoke 3
    """
    with app_of(context).open(workspace).engaged() as engaged:
        if not engaged.keys.revoke(number):
            raise InputError.of(f"there is no key {number} that could be revoked", file="<command line>")
    typer.echo(f"revoked {number}")


def _seconds(expires: str) -> timedelta:
    """Months are of 30 days here: nobody counts on the hour."""
    length = span(expires, name="--expires")
    good_for = timedelta(days=30 * length.months + length.days, seconds=length.seconds)
    if good_for <= timedelta():
        raise InputError.of("--expires lies in the past", file="<command line>")
    return good_for


def _row(each: Key) -> dict[str, object]:
    moments = {name: getattr(each, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    state = "revoked" if each.revoked_at else "expired" if each.expired else "good"
    return {
        "id": each.id, "name": each.name, "role": each.role.value, "rate": each.rate, "ending": each.ending, "state": state,
        **{name: None if at is None else moment_text(at) for name, at in moments.items()},
    }
