"""`engage contact merge`, `unmerge`: two records that are one person, and two persons who are not one after all."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, counted, print_json
from engage.cli.people import ContactArgument, contact_named
from engage.contacts.merging import Merge


def merge(
    context: typer.Context,
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="The contact that stays: external id, email, phone or #12.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The contact that becomes part of it.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one contact of two, as both are the same person. The strictest consent of both counts; `contact unmerge` takes it back.

    Example: engage contact merge ana crm-7
    """
    with app_of(context).open(workspace).engaged() as engaged:
        kept, merged = contact_named(engaged, keep), contact_named(engaged, other)
        done = engaged.merging.merge(kept.id, merged.id, now=engaged.clock.now(), by=engaged.operator)
        engaged.nudge()
    if as_json:
        print_json(_as_json(done))
        return
    ended = f"; {counted(done.exited_runs, 'run')} under the same key ended" if done.exited_runs else ""
    console().print(f"#{done.merged_id} is part of {kept.label} now{ended}; `engage contact unmerge {kept.label}` takes it back")


def unmerge(
    context: typer.Context, reference: ContactArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Take back the last merge into a contact: both are as they were. What happened since stays, and a withdrawal counts for both.

    Example: engage contact unmerge ana
    """
    with app_of(context).open(workspace).engaged() as engaged:
        kept = contact_named(engaged, reference)
        done = engaged.merging.undo(kept.id, now=engaged.clock.now(), by=engaged.operator)
        engaged.nudge()
    if as_json:
        print_json(_as_json(done))
    else:
        console().print(f"#{done.merged_id} and {kept.label} are two contacts again")


def _as_json(done: Merge) -> dict[str, object]:
    return {
        "merge": done.id, "kept": done.kept_id, "merged": done.merged_id, "at": done.at, "by": done.by, "undone": done.undone,
        "exited_runs": done.exited_runs,
    }
