"""`engage events`: what has come in of late, and what engage.yaml could declare of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_rows, span
from engage.planning.observed import Observed, as_yaml, observe
from engage.rules.expressions import since


def events(
    context: typer.Context,
    observed: Annotated[bool, typer.Option("--observed", help="Print what is not declared yet as YAML, for engage.yaml.")] = False,
    within: Annotated[str, typer.Option(help="How far to look back: 12h, 30d.")] = "30d",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what has come in of late, by type, with its fields: declared ones, and undeclared ones with what they seem to be.

    Example: engage events --observed
    """
    looking_back = span(within, name="--within")
    with app_of(context).open(workspace).engaged() as engaged:
        seen = engaged.sightings.seen(since=since(engaged.clock.now(), looking_back))
        found = observe(seen, engaged.workspace.settings.events)
    if observed and not as_json:
        _print_yaml(found, within)
    else:
        print_rows(map(_row, found), as_json=as_json, columns=["type", "count", "last", "declared", "undeclared"])


def _print_yaml(found: Sequence[Observed], within: str) -> None:
    if any(each.is_news for each in found):
        typer.echo("\n".join(as_yaml(found)))
    else:
        typer.echo(f"# all that came in within {within} is declared")


def _row(each: Observed) -> Mapping[str, object]:
    return {
        "type": each.type, "count": each.count, "last": each.last, "declared": None if each.declared is None else dict(each.declared),
        "undeclared": dict(each.undeclared),
    }
