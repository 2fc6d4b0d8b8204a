"""`engage bounce`: a mail that came back, by a mail server's pipe or from files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_rows
from engage.feedback.bounces import severity
from engage.feedback.findings import What
from engage.feedback.mails import MailTaken
from engage.feedback.returns import read
from engage.model.errors import EngageError

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits(3): the mail server keeps the mail and calls us again. Every other failure would bounce the bounce."""


FilesArgument = Annotated[
    list[Path] | None, typer.Argument(help="Mails; without any, one from standard input.", exists=True, dir_okay=False)
]
ToOption = Annotated[list[str] | None, typer.Option("--to", help="The envelope's recipient, as the mail server knows it; repeatable.")]
LookOption = Annotated[bool, typer.Option("--look", help="Only show what the mails say: nothing is written, no workspace needed.")]


def bounce(
    context: typer.Context, files: FilesArgument = None, to: ToOption = None, look: LookOption = False, workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take mails that came back: bounces, complaints, answers, unsubscriptions. For the pipe of a mail server.

    Exit status 0: taken, or none of ours; 75: not now, to be tried again (the database is away, engage.yaml is being edited).

    Example: engage bounce --to "$RECIPIENT" < mail
    """
    mails = _mails(files or [])
    if look:
        found = [row for name, raw in mails for row in _findings(name, raw)]
        print_rows(found, as_json=as_json, columns=["mail", "what", "recipient", "code", "severity"])
        return
    app = app_of(context)
    away: tuple[type[Exception], ...] = (EngageError, *app.away)
    try:
        with app.open(workspace).engaged() as engaged:
            taken = [_row(name, engaged.take_mail(raw, recipients=to or ())) for name, raw in mails]
    except away as error:
        typer.echo(f"not now: {error if isinstance(error, EngageError) else type(error).__name__}", err=True)
        raise typer.Exit(TRY_AGAIN) from error
    if files or as_json:
        print_rows(taken, as_json=as_json, columns=["mail", "what", "delivery", "fate", "code"])


def _mails(files: list[Path]) -> Iterator[tuple[str, bytes]]:
    if not files:
        yield "-", sys.stdin.buffer.read()
    for file in files:
        yield str(file), file.read_bytes()


def _findings(name: str, raw: bytes) -> list[Mapping[str, object]]:
    found = read(raw).findings
    return [
        {
            "mail": name, "what": each.what.value, "recipient": each.address, "code": each.code,
            "severity": severity(each.code).value if each.what is What.BOUNCED else None,
        }
        for each in found
    ] or [{"mail": name, "what": "other", "recipient": None, "code": None, "severity": None}]


def _row(name: str, taken: MailTaken) -> Mapping[str, object]:
    fate = taken.fate.value if taken.fate else None
    return {"mail": name, "what": taken.what, "delivery": taken.delivery_id, "fate": fate, "code": taken.code}
