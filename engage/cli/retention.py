"""`engage retention`: what is older than `retention:` of engage.yaml lets it be kept."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, print_rows


def retention(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is to remove.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove now what is older than engage.yaml lets it be kept, as the scheduler does once a day.

    Example: engage retention --dry-run
    """
    with app_of(context).open(workspace).engaged() as engaged:
        named = engaged.workspace.settings.retention
        now = engaged.clock.now()
        found = engaged.keeping.outdated(now=now) if dry_run else engaged.keeping.expire(now=now)
    if not named and not as_json:
        console().print("engage.yaml has no `retention`: everything is kept")
        return
    rows = ({"kind": each.kind.value, "keep": str(each.keep), "before": each.before, "rows": each.rows} for each in found)
    print_rows(rows, as_json=as_json, columns=("kind", "keep", "before", "rows"))
