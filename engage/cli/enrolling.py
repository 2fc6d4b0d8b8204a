"""`engage enroll`: people named one by one enter a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import json_object, print_rows
from engage.model.campaign import Campaign
from engage.model.errors import InputError, nearest
from engage.planning.enrolling import Fate

UNKNOWN = "unknown"
TAKEN = frozenset({Fate.ENTERED, Fate.HELD_OUT, Fate.ALREADY, Fate.RE_ENTRY, Fate.AUDIENCE})
"""What became of people by the campaign's own rules: nothing is wrong with the command."""


def enroll(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="A live campaign; it need not have `manual: true`.")],
    contacts: Annotated[list[str] | None, typer.Argument(metavar="CONTACT", help="External ids, emails or phones.")] = None,
    data: Annotated[str, typer.Option(help="What `trigger` holds, as a JSON object.")] = "{}",
    key: Annotated[str | None, typer.Option(help="One run for each contact and key; default: a new one each time.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with one contact a line, instead of or beside those named.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let people enter a campaign, and say what became of each: its audience is asked, re-entry and holdout hold.

    Repeated with the same --key it enters nobody twice. The exit status is 1 where somebody is unknown, or the campaign takes nobody.

    Example: engage enroll welcome ana bor --data '{"plan": "pro"}' --key signup-2026-03
    """
    named = [*(contacts or []), *(_lines(file) if file is not None else [])]
    if not named:
        raise InputError.of("name at least one contact, or give --file", file="<command line>")
    fields = json_object(data, name="--data")
    with app_of(context).open(workspace).engaged() as engaged:
        rows = _enroll(engaged, _campaign(engaged, campaign), named, fields, key or app_of(context).new_key())
        engaged.nudge()
    print_rows(rows, as_json=as_json, columns=("contact", "outcome"))
    if any(row["outcome"] not in TAKEN for row in rows):
        raise typer.Exit(1)


def _enroll(
    engaged: Engaged, campaign: Campaign, named: Sequence[str], data: Mapping[str, object], key: str
) -> list[Mapping[str, object]]:
    found = {reference: engaged.people.find(reference) for reference in dict.fromkeys(named)}
    ids = [person.id for person in found.values() if person is not None]
    fates = engaged.planner.enroll(campaign, ids, data=data, key=key, now=engaged.clock.now())
    return [
        {"contact": reference, "outcome": UNKNOWN if person is None else fates[person.id].value, "key": key}
        for reference, person in found.items()
    ]


def _campaign(engaged: Engaged, name: str) -> Campaign:
    known = engaged.workspace.campaigns
    if name not in known:
        raise InputError.of(f"there is no campaign {name!r}", file="<command line>", suggestion=nearest(name, known))
    return known[name]


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.of(f"the file cannot be read: {error}", file=str(file)) from error
    return [line.strip() for line in lines if line.strip()]
