"""`engage contact export`, `erase`, `readmit`: what a person may ask of whoever keeps data of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, print_json, print_rows
from engage.cli.people import ContactArgument, contact_named
from engage.model.errors import InputError


def export(
    context: typer.Context,
    reference: ContactArgument,
    out: Annotated[Path | None, typer.Option(help="Into this file, which must not be there yet; default: standard output.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Print all that is kept of a contact as one JSON document (GDPR art. 15 and 20).

    Example: engage contact export ana --out ana.json
    """
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        document = engaged.privacy.export(person.id, now=engaged.clock.now())
    text = json.dumps(document, ensure_ascii=False, indent=2)
    if out is None:
        typer.echo(text)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise InputError.of(f"{out} cannot be written: {error.strerror}", file="<command line>") from error


def erase(
    context: typer.Context,
    reference: ContactArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; where nobody is at a terminal nobody is asked.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a contact for good (GDPR art. 17): what is left are keyed hashes, by which they are not taken in again.

    What waits to be sent to them is not sent. There is no way back; `contact export` first, if they want a copy.

    Example: engage contact erase ana --yes
    """
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Erase {person.label} for good?", abort=True)
        done = engaged.privacy.erase(person.id, now=engaged.clock.now(), by=engaged.operator)
        engaged.nudge()
    if as_json:
        print_json({
            "contact": done.contact_id, "at": done.at, "barred": done.barred, "shared": done.shared, "waiting": done.waiting,
        })
        return
    console().print(f"#{done.contact_id} is erased; identities barred: {done.barred}; messages that waited: {done.waiting}")
    if done.shared:
        console().print(f"addresses that somebody else has too, and that stay free: {done.shared}")


def readmit(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="IDENTITY", help="An email, phone number or external id of somebody who was erased.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Let somebody who was erased be taken in again by this identity, as they came back by themselves.

    What they had withdrawn stays withdrawn for that address; nothing else comes back.

    Example: engage contact readmit ana@example.com
    """
    with app_of(context).open(workspace).engaged() as engaged:
        if not engaged.people.readmit(reference, now=engaged.clock.now()):
            raise InputError.of("nobody of that identity was erased", file="<command line>")
    console().print("may be taken in again, and written to where consent allows it")


def proof(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="IDENTITY", help="An email, phone number or external id of somebody who was erased.")],
    text: Annotated[str | None, typer.Option(help="A proof, or a source, that is at hand: is it the one that was on record?")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what somebody who was erased had allowed and withdrawn. Proofs and sources are kept as hashes, to be held against.

    Example: engage contact proof ana@example.com --text "ticket 4711"
    """
    with app_of(context).open(workspace).engaged() as engaged:
        found = engaged.privacy.proof(reference, text=text)
    if not found:
        raise InputError.of("nobody of that identity was erased, or nothing was on record", file="<command line>")
    rows = (
        {
            "at": each.line.at, "purpose": each.line.purpose, "channel": each.line.channel and each.line.channel.value,
            "granted": each.line.granted, "locale": each.line.locale, "wording": each.wording, "matches": each.matches,
        }
        for each in found
    )
    print_rows(rows, as_json=as_json, columns=("at", "purpose", "channel", "granted", "locale", "wording", "matches"))
