"""`engage contacts audit`: a report of records that are stale or broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_json, print_rows
from engage.contacts.auditing import Audit, Check, Finding
from engage.model.localtime import add, zone
from engage.model.time import Duration

contacts = typer.Typer(help="All people: what is wrong with their records.", no_args_is_help=True)

EXAMPLES = 3
COLUMNS = ("check", "found", "examples", "do")
DO: Mapping[Check, str] = {
    Check.UNANSWERED: "ask whether they want to hear from us, or let them go",
    Check.BOUNCING: "ask for another address by another channel; `engage contact set`",
    Check.NO_ADDRESS: "complete them, or erase them",
    Check.NO_ZONE: "engage contact set CONTACT timezone=…, or their country",
    Check.NO_CONSENT: "nothing: only transactional messages reach them",
    Check.DUPLICATES: "look at both; `engage contact merge KEEP OTHER`",
}


@contacts.callback()
def group() -> None:
    """All people: what is wrong with their records."""


@contacts.command()
def audit(
    context: typer.Context,
    checks: Annotated[list[Check] | None, typer.Option("--check", help="Only this; may be repeated. Default: all.")] = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="How far back answers and bounces are looked for.")] = 12,
    list_: Annotated[bool, typer.Option("--list", help="Name everybody, not only some.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report stale and broken records: no answer, bouncing, no address, zone or consent, likely duplicates.

    With --json every finding is a line. The exit status is 1 where anything was found, so that a job can watch for it.

    Example: engage contacts audit --months 6 --check duplicates --list
    """
    wanted = checks or list(Check)
    with app_of(context).open(workspace).engaged() as engaged:
        now = engaged.clock.now()
        since = add(now, -Duration.parse(f"{months}mo"), zone("UTC"))
        found = 0
        rows = []
        for check in wanted:
            number, row = _one(engaged.audit, check, since=since, now=now, aloud=as_json or list_, as_json=as_json)
            found += number
            rows.append(row)
    if not as_json:
        print_rows(rows, as_json=False, columns=COLUMNS)
    if found:
        raise typer.Exit(1)


def _one(
    audit: Audit, check: Check, *, since: datetime, now: datetime, aloud: bool, as_json: bool,
) -> tuple[int, Mapping[str, object]]:
    number, examples = 0, []
    for finding in audit.findings(check, since=since, now=now):
        number += 1
        examples += [" = ".join(finding.contacts[:EXAMPLES])] if number <= EXAMPLES else []
        if aloud:
            _say(finding, as_json=as_json)
    return number, {"check": check.value, "found": number, "examples": ", ".join(examples), "do": DO[check] if number else ""}


def _say(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(finding), "check": finding.check.value})
        return
    more = f" and {finding.number - len(finding.contacts)} more" if finding.number > len(finding.contacts) else ""
    typer.echo(f"{finding.check}: {' = '.join(finding.contacts)}{more}: {finding.why}")
