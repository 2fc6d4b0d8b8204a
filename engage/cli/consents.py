"""`engage consent`: what people allow, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.consent_rows import LINE_COLUMNS, STATE_COLUMNS, line_row, state_row
from engage.cli.output import console, moment, print_json, print_rows, words
from engage.cli.people import ContactArgument, contact_named
from engage.contacts.consent import states
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Consent, Ground
from engage.model.errors import InputError, nearest
from engage.model.localtime import add, zone
from engage.model.time import Duration
from engage.model.values import moment_text
from engage.templates.purposes import PurposeTexts

consent = typer.Typer(help="The consent ledger: what people allow.", no_args_is_help=True)

PurposeArgument = Annotated[str, typer.Argument(help="A purpose of engage.yaml.")]
ChannelOption = Annotated[ChannelKind | None, typer.Option("--channel", help="A kind of channel; default: all.")]
SourceOption = Annotated[str, typer.Option(help="Where it comes from.")]
ProofOption = Annotated[str | None, typer.Option(help="What shows it: a form, a call, a ticket.")]
GroundOption = Annotated[Ground, typer.Option(help="On what it rests.")]
ExpiresOption = Annotated[str | None, typer.Option(help="When it ends: a day, a moment, or how long it lasts (24mo).")]
LocaleOption = Annotated[str | None, typer.Option(help="The language in which they read the purpose's wording, which is then kept.")]


@consent.command()
def grant(
    context: typer.Context, reference: ContactArgument, purpose: PurposeArgument, channel: ChannelOption = None,
    source: SourceOption = "command line", proof: ProofOption = None, ground: GroundOption = Ground.CONSENT,
    expires: ExpiresOption = None, locale: LocaleOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Record that a contact allows a purpose. Email never implies SMS. One that expires counts for nothing from then on.

    Example: engage consent grant ana marketing --channel email --source "phone call" --proof "ticket 4711"
    Example: engage consent grant ben marketing --ground implied --expires 24mo --source "bought a tent"
    """
    with app_of(context).open(workspace).engaged() as engaged:
        now = engaged.clock.now()
        wording = None if locale is None else _wording_read(engaged, _known_purpose(engaged, purpose), locale)
        line = Consent(
            contact_id=contact_named(engaged, reference).id, purpose=_known_purpose(engaged, purpose), channel=channel, granted=True,
            at=now, source=words(source, name="--source"), proof=_proof(proof), ground=ground,
            expires_at=None if expires is None else _end(engaged, expires, now),
            wording=wording and wording.hash, locale=wording and wording.locale,
        )
        _record(engaged, line, [wording] if wording else [], as_json=as_json)


@consent.command()
def withdraw(
    context: typer.Context, reference: ContactArgument, purpose: PurposeArgument, channel: ChannelOption = None,
    source: SourceOption = "command line", proof: ProofOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Record that a contact does not allow a purpose any more; without a channel, by none. Holds from the next hand-off on.

    Example: engage consent withdraw ana marketing --source letter
    """
    with app_of(context).open(workspace).engaged() as engaged:
        line = Consent(
            contact_id=contact_named(engaged, reference).id, purpose=_known_purpose(engaged, purpose), channel=channel, granted=False,
            at=engaged.clock.now(), source=words(source, name="--source"), proof=_proof(proof),
        )
        _record(engaged, line, [], as_json=as_json)


@consent.command()
def show(
    context: typer.Context, reference: ContactArgument,
    purpose: Annotated[str | None, typer.Argument(help="One purpose; default: all.")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Every line of the ledger instead, oldest first, with its proof.")] = False,
    workspace: WorkspaceOption = None, as_json: JsonOption = False,
) -> None:
    """Show where a contact stands with each purpose by each kind of channel, since when, on what ground and until when.

    Example: engage consent show ana
    Example: engage consent show ana marketing --lines
    """
    with app_of(context).open(workspace).engaged() as engaged:
        purposes = engaged.workspace.settings.purposes
        wanted = [purposes[_known_purpose(engaged, purpose)]] if purpose else list(purposes.values())
        contact, now = contact_named(engaged, reference), engaged.clock.now()
        known = engaged.ledger.lines(contact.id)
        texts = engaged.ledger.wordings(line.wording for line in known if line.wording)
    if lines:
        told = [line for line in known if purpose in (None, line.purpose)]
        print_rows((line_row(line, texts, contact_id=contact.id) for line in told), as_json=as_json, columns=LINE_COLUMNS)
        return
    found = states(known, wanted, contact_id=contact.id, now=now)
    print_rows((state_row(state, texts, as_json=as_json) for state in found), as_json=as_json, columns=STATE_COLUMNS)


def _record(engaged: Engaged, line: Consent, wordings: Sequence[Wording], *, as_json: bool) -> None:
    new = engaged.ledger.record([line], wordings=wordings)
    word = "granted" if line.granted else "withdrawn"
    by = f" by {line.channel}" if line.channel else " by every channel"
    if as_json:
        told = {"purpose": line.purpose, "channel": line.channel, "state": word, "at": moment_text(line.at), "recorded": bool(new)}
        print_json({**told, "expires_at": line.expires_at and moment_text(line.expires_at), "wording": line.wording})
    else:
        console().print(f"{line.purpose}{by}: {word}{f' until {moment_text(line.expires_at)}' if line.expires_at else ''}")


def _proof(given: str | None) -> str | None:
    return None if given is None else words(given, name="--proof")


def _known_purpose(engaged: Engaged, name: str) -> str:
    purposes = engaged.workspace.settings.purposes
    if name not in purposes:
        what = f"there is no purpose {name!r} among {', '.join(purposes)}"
        raise InputError.of(what, file="<command line>", suggestion=nearest(name, purposes))
    return name


def _wording_read(engaged: Engaged, purpose: str, locale: str) -> Wording:
    """What somebody read in that language. Raises InputError where the workspace has no words for it."""
    texts = PurposeTexts(engaged.workspace)
    wording = texts.wording(engaged.workspace.settings.purposes[purpose], locale)
    if wording is None:
        raise InputError.of(f"{purpose} has no `wording` in engage.yaml: nobody knows what they read", file="<command line>")
    return wording


def _end(engaged: Engaged, text: str, now: datetime) -> datetime:
    """When a consent ends. Raises InputError."""
    try:
        end = add(now, Duration.parse(text), zone(engaged.workspace.settings.timezone))
    except ValueError:
        end = moment(text, name="--expires") or now
    if end <= now:
        raise InputError.of(f"{text!r} has passed: a consent ends later than now", file="<command line>")
    return end
