"""`engage consent`, `engage suppress`: what people allow, and which addresses are never written to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, print_json, print_rows
from engage.cli.people import ContactArgument, contact_named
from engage.contacts.consent import ConsentState, states
from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.model.addresses import kind_of_reference
from engage.model.contact import AttributeKind, ChannelKind, Consent
from engage.model.errors import InputError, nearest
from engage.model.values import moment_text

consent = typer.Typer(help="The consent ledger: what people allow.", no_args_is_help=True)
suppress = typer.Typer(help="The suppression list: addresses that are never written to.", no_args_is_help=True)

PurposeArgument = Annotated[str, typer.Argument(help="A purpose of engage.yaml.")]
ChannelOption = Annotated[ChannelKind | None, typer.Option("--channel", help="A kind of channel; default: all.")]
SourceOption = Annotated[str, typer.Option(help="Where it comes from.")]
ProofOption = Annotated[str | None, typer.Option(help="What shows it: a form, a call, a ticket.")]
AddressArgument = Annotated[str, typer.Argument(help="A mail address or a phone number.")]


@consent.command()
def grant(
    context: typer.Context, reference: ContactArgument, purpose: PurposeArgument, channel: ChannelOption = None,
    source: SourceOption = "command line", proof: ProofOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Record that a contact allows a purpose. Email never implies SMS.

    Example: engage consent grant ana marketing --channel email --source "phone call" --proof "ticket 4711"
    """
    with app_of(context).open(workspace).engaged() as engaged:
        _record(engaged, reference, purpose, channel, granted=True, source=source, proof=proof, as_json=as_json)


@consent.command()
def withdraw(
    context: typer.Context, reference: ContactArgument, purpose: PurposeArgument, channel: ChannelOption = None,
    source: SourceOption = "command line", proof: ProofOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Record that a contact does not allow a purpose any more; without a channel, by none. Holds from the next hand-off on.

    Example: engage consent withdraw ana marketing --source letter
    """
    with app_of(context).open(workspace).engaged() as engaged:
        _record(engaged, reference, purpose, channel, granted=False, source=source, proof=proof, as_json=as_json)


@consent.command()
def show(
    context: typer.Context, reference: ContactArgument,
    purpose: Annotated[str | None, typer.Argument(help="One purpose; default: all.")] = None,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Show where a contact stands with each purpose by each kind of channel, and since when.

    Example: engage consent show ana
    """
    with app_of(context).open(workspace).engaged() as engaged:
        purposes = engaged.workspace.settings.purposes
        wanted = [purposes[_known_purpose(engaged, purpose)]] if purpose else list(purposes.values())
        contact = contact_named(engaged, reference)
        found = states(engaged.ledger.lines(contact.id), wanted, contact_id=contact.id, now=engaged.clock.now())
    print_rows(
        (_state_row(state, as_json=as_json) for state in found), as_json=as_json,
        columns=("purpose", "channel", "asks", "state", "since", "source", "may write"),
    )


@suppress.command("add")
def suppress_add(
    context: typer.Context, address: AddressArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "manual", workspace: WorkspaceOption = None,
) -> None:
    """Never write to an address again, whoever has it.

    Example: engage suppress add ana@example.com --reason "asked by letter"
    """
    kind, normalised = _address(address)
    with app_of(context).open(workspace).engaged() as engaged:
        new = engaged.suppressions.suppress(kind, normalised, reason=reason, now=engaged.clock.now())
    console().print("suppressed" if new else "was suppressed already")


@suppress.command("remove")
def suppress_remove(context: typer.Context, address: AddressArgument, workspace: WorkspaceOption = None) -> None:
    """Take an address off the list. It grants nothing.

    Example: engage suppress remove ana@example.com
    """
    kind, normalised = _address(address)
    with app_of(context).open(workspace).engaged() as engaged:
        if not engaged.suppressions.unsuppress(kind, normalised):
            raise InputError.of("this address is not on the list", file="<command line>")
    console().print("taken off the list")


@suppress.command("list")
def suppress_list(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List what is suppressed. Addresses are kept as hashes; the contacts who have them now are named.

    Example: engage suppress list --json
    """
    with app_of(context).open(workspace).engaged() as engaged:
        found = engaged.suppressions.suppressed()
    rows = (
        {"at": one.at, "channel": one.channel.value, "reason": one.reason, "contacts": list(one.contacts), "key": one.address_key}
        for one in found
    )
    print_rows(rows, as_json=as_json, columns=("at", "channel", "reason", "contacts"))


def _record(
    engaged: Engaged, reference: str, purpose: str, channel: ChannelKind | None, *, granted: bool, source: str, proof: str | None,
    as_json: bool,
) -> None:
    now = engaged.clock.now()
    line = Consent(
        contact_id=contact_named(engaged, reference).id, purpose=_known_purpose(engaged, purpose), channel=channel, granted=granted,
        at=now, source=source, proof=proof,
    )
    new = engaged.ledger.record([line])
    word = "granted" if granted else "withdrawn"
    by = f" by {channel}" if channel else " by every channel"
    if as_json:
        print_json({"purpose": purpose, "channel": channel, "state": word, "at": moment_text(now), "recorded": bool(new)})
    else:
        console().print(f"{purpose}{by}: {word}")


def _known_purpose(engaged: Engaged, name: str) -> str:
    purposes = engaged.workspace.settings.purposes
    if name not in purposes:
        what = f"there is no purpose {name!r} among {', '.join(purposes)}"
        raise InputError.of(what, file="<command line>", suggestion=nearest(name, purposes))
    return name


def _state_row(state: ConsentState, *, as_json: bool) -> Mapping[str, object]:
    line = state.line
    word = "nothing known" if line is None else "granted" if line.granted else "withdrawn"
    row = {
        "purpose": state.purpose, "channel": state.channel.value, "asks": state.basis.value, "state": word,
        "since": line.at if line else None, "source": line.source if line else None,
    }
    return {**row, "may_write": state.may_write} if as_json else {**row, "may write": "yes" if state.may_write else "no"}


def _address(text: str) -> tuple[ChannelKind, str]:
    kind = kind_of_reference(text)
    if kind is None:
        raise InputError.of(f"{text!r} is neither a mail address nor a phone number", file="<command line>")
    try:
        value = normalise("email" if kind is ChannelKind.EMAIL else "phone", AttributeKind.TEXT, text)
    except Unusable as error:
        raise InputError.of(str(error), file="<command line>") from error
    return kind, str(value)
