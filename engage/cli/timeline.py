"""`engage contact history`, `note`: what happened with one person, and what people want to remember of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, moment, print_json, print_rows, words
from engage.cli.people import ContactArgument, contact_named
from engage.history.timeline import NOT_SENT, Filter, Line, as_json, local_time
from engage.model.contact import Contact
from engage.model.history import Kind

MOST_LINES = 1_000_000
LAST_LINE = 2**63 - 1
HISTORY_COLUMNS = ("at", "there", "kind", "campaign", "message", "channel", "locale", "reason", "detail")


def history(
    context: typer.Context,
    reference: ContactArgument,
    kinds: Annotated[list[Kind] | None, typer.Option("--kind", help="Only touches of this kind; may be repeated.")] = None,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="Only what was not sent, put off or not entered, with its reason.")] = False,
    campaign: Annotated[str | None, typer.Option(help="Only touches of this campaign.")] = None,
    message: Annotated[str | None, typer.Option(help="Only touches of this message.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only touches of this channel.")] = None,
    since: Annotated[str | None, typer.Option("--from", "--since", help="Only touches from this moment on.")] = None,
    until: Annotated[str | None, typer.Option("--to", "--until", help="Only touches before this moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LINES, help="How many, the latest first.")] = 100,
    before: Annotated[
        int | None, typer.Option(min=1, max=LAST_LINE, help="The page after that: the id of the last line of the page before.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Show what happened with a contact, the latest first, in UTC and by the contact's own clock; of merged contacts both pasts.

    Example: engage contact history ana --kind sent --kind suppressed --from 2026-02-01
    """
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        asked = Filter(
            contact_id=person.id, kinds=frozenset(kinds or ()) | (NOT_SENT if not_sent else frozenset()), campaign=campaign,
            message=message, channel=channel, since=moment(since, name="--from"), until=moment(until, name="--to"),
        )
        lines = engaged.history.timeline(asked, limit=limit + 1, before=before)
    shown = lines[:limit]
    if as_json_:
        print_rows((as_json(line, zones=person.zones) for line in shown), as_json=True, columns=())
        return
    print_rows((_row(line, person) for line in shown), as_json=False, columns=HISTORY_COLUMNS)
    if len(lines) > limit:
        typer.echo(f"there is more: --before {shown[-1].id}", err=True)


def note(
    context: typer.Context,
    reference: ContactArgument,
    told: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered.")],
    workspace: WorkspaceOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Write a note into a contact's history: a call, a promise, a preference. It is never changed, and goes when the contact is erased.

    Example: engage contact note ana "prefers to be called after six"
    """
    written = words(told, name="the note")
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        now = engaged.clock.now()
        engaged.notebook.note(person.id, written, by=engaged.operator, now=now)
    if as_json_:
        print_json({"contact": person.id, "at": now, "by": engaged.operator, "text": written})
    else:
        console().print(f"noted of {person.label}")


def _row(line: Line, person: Contact) -> Mapping[str, object]:
    touch = line.touch
    detail = ", ".join(f"{name}: {value}" for name, value in {**touch.detail, **touch.private}.items() if isinstance(value, str | int))
    there = local_time(touch.at, person.zones)
    return {
        "at": touch.at, "there": f"{there:%a %H:%M}" if there else None, "kind": touch.kind.value, "campaign": touch.campaign,
        "message": touch.message, "channel": touch.channel, "locale": touch.locale, "reason": touch.reason,
        "detail": detail if len(detail) <= 100 else f"{detail[:99]}…",
    }
