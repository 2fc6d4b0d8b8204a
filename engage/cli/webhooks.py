"""`engage replay`, and `engage resume --webhook`: what webhooks are told once more, or again at last."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import Engaged, WorkspaceOption, app_of
from engage.cli.output import moment
from engage.model.errors import InputError, nearest


def replay(
    context: typer.Context,
    webhook: Annotated[str, typer.Argument(help="One of `webhooks` in engage.yaml.")],
    since: Annotated[str, typer.Option("--from", help="Touches from this moment on.")],
    before: Annotated[str | None, typer.Option("--to", help="Touches before this moment; default: up to now.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell a webhook once more what happened; each touch has the `webhook-id` that it had.

    Example: engage replay crm --from 2026-11-01 --to 2026-11-15
    """
    start, end = moment(since, name="--from"), moment(before, name="--to")
    if start is None or (end is not None and end <= start):
        raise InputError.of("--to must be later than --from", file="<command line>")
    with app_of(context).open(workspace).engaged() as engaged:
        _refuse_unknown(engaged, webhook)
        count = engaged.postings.replay(webhook, since=start, before=end, now=engaged.clock.now())
    again = f"{webhook}: {count} touches of that time; those that it wants are posted again"
    typer.echo(again if count else "nothing happened in that time")


def resume_webhook(context: typer.Context, webhook: str, *, skip: bool, workspace: Path | None) -> None:
    """Tell it what happened since it failed."""
    with app_of(context).open(workspace).engaged() as engaged:
        _refuse_unknown(engaged, webhook)
        failed = engaged.postings.resume(webhook, skip=skip)
    typer.echo(f"resumed {webhook}" if failed else f"{webhook} had not failed")


def _refuse_unknown(engaged: Engaged, webhook: str) -> None:
    known = engaged.workspace.settings.webhooks
    if webhook not in known:
        there_are = ", ".join(sorted(known)) or "none"
        raise InputError.of(
            f"there is no webhook {webhook!r}; there are: {there_are}", file="<command line>", suggestion=nearest(webhook, known)
        )
