"""`engage event`, `status`, `pause`, `resume`, `approve`, `doctor`: what operators and other systems do from a shell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import json_object, moment, print_json, print_rows
from engage.cli.retrying import print_unknown
from engage.cli.status_text import print_status
from engage.cli.webhooks import resume_webhook
from engage.model.contact import AttributeKind
from engage.model.errors import InputError, nearest
from engage.model.values import moment_text
from engage.planning.incoming import Incoming, read_event


def event(
    context: typer.Context,
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="As declared under `events` in engage.yaml.")],
    contact: Annotated[str | None, typer.Option(help="Whom it is about: external id, email or phone. None: everybody.")] = None,
    data: Annotated[str, typer.Option(help="The event's fields, as a JSON object.")] = "{}",
    id_: Annotated[str | None, typer.Option("--id", help="The same id twice counts once; default: a hash of the rest.")] = None,
    at: Annotated[str | None, typer.Option(help="When it happened; default now.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell Engage that something happened, as the API does.

    Example: engage event ticket.closed --contact ana --data '{"ticket_id": "T-1"}' --id zendesk-1
    """
    fields = json_object(data, name="--data")
    with app_of(context).open(workspace).engaged() as engaged:
        now = engaged.clock.now()
        happened = moment(at, name="--at") or now
        incoming = read_event(
            id=id_ or _id_of(type_, contact, data, happened), type=type_, at=happened, data=fields, contact_ref=contact, now=now,
            declared=engaged.workspace.settings.events,
        )
        new = engaged.planner.happen(incoming.event, now=now)
        known = contact is None or engaged.people.find(contact) is not None
        erased = not known and contact is not None and engaged.people.is_barred(contact)
        engaged.nudge()
    told = "accepted" if new else "not kept, as it is about somebody who was erased" if erased else "known already"
    kept = "; no such contact yet: kept for 30 days" if new and not known else ""
    unheard = _unheard(type_, incoming, engaged.workspace.settings.events) if new else ""
    if as_json:
        print_json({"id": incoming.event.id, "new": new, "contact_known": known, "erased": erased})
    else:
        typer.echo(f"{incoming.event.id}: {told}{kept}")
        if unheard:
            typer.echo(f"warning: {unheard}", err=True)


def _unheard(type_: str, incoming: Incoming, declared: Mapping[str, Mapping[str, AttributeKind]]) -> str:
    """What no campaign can see in an event, as engage.yaml declares neither; empty where there is nothing."""
    if type_ not in declared:
        return f"engage.yaml declares no event `{type_}`, so that no campaign heeds it" + _meant(type_, declared)
    odd = sorted({*incoming.event.data, *incoming.ignored} - set(declared[type_]))
    said = (f"engage.yaml declares no field `{name}` of {type_}{_meant(name, declared[type_])}" for name in odd)
    return ", ".join(said)


def _meant(name: str, known: Iterable[str]) -> str:
    meant = nearest(name, known)
    return f"; did you mean {meant}?" if meant else ""


def _id_of(type_: str, contact: str | None, data: str, at: datetime) -> str:
    """The same event told twice is the same."""
    return hashlib.sha256("\n".join([type_, contact or "", data, moment_text(at)]).encode()).hexdigest()[:32]


def status(
    context: typer.Context,
    unknown: Annotated[bool, typer.Option("--unknown", help="List the deliveries of which nobody knows, and what to do.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each campaign's version, state and runs by step, files that were not taken, and what is waiting, held, unknown and paused.

    Example: engage status --unknown
    """
    if unknown:
        with app_of(context).open(workspace).engaged() as engaged:
            print_unknown(engaged, as_json=as_json)
        return
    figures = app_of(context).open(workspace).status()
    if as_json:
        print_json(figures)
    else:
        print_status(figures)


CampaignArgument = Annotated[str | None, typer.Argument(help="The campaign; none with --channel or --all.")]
PausedChannel = Annotated[str | None, typer.Option("--channel", help="A channel instead of a campaign.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything.")]


def pause(
    context: typer.Context,
    campaign: CampaignArgument = None,
    channel: PausedChannel = None,
    everything: Everything = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Stop entries and hand-offs within 5 seconds; every run is kept.

    Example: engage pause newsletter
    """
    with app_of(context).open(workspace).engaged() as engaged:
        scope, name = _scope(engaged, campaign, channel, everything)
        engaged.operations.pause(scope, name, now=engaged.clock.now())
    typer.echo(f"paused {name or 'everything'}")


def resume(
    context: typer.Context,
    campaign: CampaignArgument = None,
    channel: PausedChannel = None,
    everything: Everything = False,
    webhook: Annotated[str | None, typer.Option(help="Tell this webhook again what happens, from where it failed.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="With --webhook: pass over the touch that it does not take.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Go on; what expired meanwhile is recorded as expired.

    Example: engage resume --channel email
    """
    if webhook is not None or skip:
        if webhook is None or campaign is not None or channel is not None or everything:
            raise InputError.of("--webhook goes alone, and --skip with it", file="<command line>")
        resume_webhook(context, webhook, skip=skip, workspace=workspace)
        return
    with app_of(context).open(workspace).engaged() as engaged:
        paused = [(str(row["scope"]), str(row["name"])) for row in engaged.operations.pauses()]
        scope, name = _scope(engaged, campaign, channel, everything, or_of=paused)  # what is paused may be gone from the workspace
        engaged.operations.resume(scope, name, now=engaged.clock.now())
        engaged.nudge()
    typer.echo(f"resumed {name or 'everything'}")


def approve(
    context: typer.Context, campaign: Annotated[str, typer.Argument(help="The campaign.")], workspace: WorkspaceOption = None
) -> None:
    """Let a campaign go that would reach more people than `guards.max_audience`.

    Example: engage approve newsletter
    """
    with app_of(context).open(workspace).engaged() as engaged:
        _scope(engaged, campaign, None, False)
        engaged.operations.approve(campaign, now=engaged.clock.now())
        engaged.nudge()
    typer.echo(f"approved {campaign}")


def _scope(
    engaged: Engaged, campaign: str | None, channel: str | None, everything: bool, *, or_of: Iterable[tuple[str, str]] = (),
) -> tuple[str, str]:
    """What is meant: of the workspace, or else one of those."""
    if [campaign is not None, channel is not None, everything].count(True) != 1:
        raise InputError.of("name a campaign, or give --channel, or --all", file="<command line>")
    known = {"campaign": engaged.workspace.campaigns, "channel": engaged.workspace.settings.channels}
    for scope, name in (("campaign", campaign), ("channel", channel)):
        if name is not None:
            if name not in known[scope] and (scope, name) not in or_of:
                there_are = ", ".join(sorted(known[scope])) or "none"
                raise InputError.of(
                    f"there is no {scope} {name!r}; there are: {there_are}", file="<command line>", suggestion=nearest(name, known[scope])
                )
            return scope, name
    return "all", ""


def doctor(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Look at database, broker, providers, clock and zone data, and say what to do about what is wrong.

    Example: engage doctor
    """
    found = app_of(context).open(workspace).diagnose()
    print_rows(found, as_json=as_json, columns=("ok", "what", "found", "do"))
    if not all(row["ok"] for row in found):
        raise typer.Exit(3)
