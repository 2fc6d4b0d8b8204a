"""`engage suppress`: addresses that are never written to, one by one or a file at once."""

from __future__ import annotations

import csv
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, print_json, print_rows, words
from engage.contacts.formulas import harmless
from engage.contacts.reading import lines_of
from engage.contacts.suppressing import COLUMNS, read_addresses, row_of
from engage.contacts.suppressing import address as address_of
from engage.model.errors import InputError

suppress = typer.Typer(help="The suppression list: addresses that are never written to.", no_args_is_help=True)

AddressArgument = Annotated[str, typer.Argument(help="A mail address or a phone number.")]


@suppress.command("add")
def add(
    context: typer.Context, address: AddressArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "manual", workspace: WorkspaceOption = None,
) -> None:
    """Never write to an address again, whoever has it.

    Example: engage suppress add ana@example.com --reason "asked by letter"
    """
    kind, normalised = address_of(address)
    why = words(reason, name="--reason")
    with app_of(context).open(workspace).engaged() as engaged:
        new = engaged.suppressions.suppress(kind, normalised, reason=why, now=engaged.clock.now())
    console().print("suppressed" if new else "was suppressed already")


@suppress.command("remove")
def remove(context: typer.Context, address: AddressArgument, workspace: WorkspaceOption = None) -> None:
    """Take an address off the list. It grants nothing.

    Example: engage suppress remove ana@example.com
    """
    kind, normalised = address_of(address)
    with app_of(context).open(workspace).engaged() as engaged:
        if not engaged.suppressions.unsuppress(kind, normalised):
            raise InputError.of("this address is not on the list", file="<command line>")
    console().print("taken off the list")


@suppress.command("list")
def list_(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List what is suppressed. Addresses are kept as hashes; the contacts who have them now are named.

    Example: engage suppress list --json
    """
    with app_of(context).open(workspace).engaged() as engaged:
        found = engaged.suppressions.suppressed()
    rows = (
        {"at": one.at, "channel": one.channel.value, "reason": one.reason, "contacts": list(one.contacts), "key": one.address_key}
        for one in found
    )
    print_rows(rows, as_json=as_json, columns=("at", "channel", "reason", "contacts"))


@suppress.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with a column `address` (or email, phone) and perhaps `reason`; or an address a line.")],
    reason: Annotated[str, typer.Option(help="Why, where the file does not say.")] = "imported",
    keys: Annotated[
        bool, typer.Option("--keys", help="Take rows of hashes alone too: the file was exported from this very database, or a copy of it.")
    ] = False,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Put all addresses of a file on the list. Safe to repeat; lines that cannot be read are told, and the others taken.

    Example: engage suppress import unsubscribed.csv --reason "from the old tool"
    """
    new = known = 0
    refused: list[tuple[int, str]] = []
    why = words(reason, name="--reason")
    with app_of(context).open(workspace).engaged() as engaged:
        now = engaged.clock.now()
        for entries, wrong in read_addresses(lines_of(file), reason=why, keys=keys, file=str(file)):
            taken = engaged.suppressions.take(entries, now=now)
            new, known = new + taken, known + len(entries) - taken
            refused += wrong
    for line, what in refused:
        typer.echo(f"{file}:{line}:1: {what}", err=True)
    if as_json:
        print_json({"suppressed": new, "known": known, "refused": len(refused)})
    else:
        console().print(f"{new} suppressed, {known} were already, {len(refused)} refused")
    if refused:
        raise typer.Exit(1)


@suppress.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; default: the terminal.")] = None,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Write the list as CSV: of each the kind, reason, time and hash, and the address where a contact has it now; others are not kept.

    Example: engage suppress export suppressed.csv
    """
    with app_of(context).open(workspace).engaged() as engaged:
        rows = [row_of(one) for one in engaged.suppressions.with_addresses()]
    if as_json:
        print_rows(rows, as_json=True, columns=())
        return
    with _opened(file) as opened:
        written = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        written.writeheader()
        written.writerows({name: harmless(cell) for name, cell in row.items()} for row in rows)


def _opened(file: Path | None) -> AbstractContextManager[TextIO]:
    """Where an export goes. Raises InputError."""
    if file is None:
        return nullcontext(sys.stdout)
    try:
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError.of(f"{file} cannot be written: {error.strerror}", file="<command line>") from error
