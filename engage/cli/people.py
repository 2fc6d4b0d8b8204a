"""`engage contact`: people as we know them, and what happened with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from engage.cli.app import Engaged, JsonOption, WorkspaceOption, app_of
from engage.cli.output import print_facts, print_json
from engage.contacts.columns import kinds_of
from engage.contacts.normalise import as_text, normalise
from engage.contacts.places import Unusable
from engage.contacts.ports import Identity
from engage.model.contact import IDENTITIES, Contact, Value
from engage.model.errors import InputError, nearest
from engage.model.values import to_json

contact = typer.Typer(help="One person: what we know, and what happened.", no_args_is_help=True)

ContactArgument = Annotated[str, typer.Argument(metavar="CONTACT", help="External id, email or phone; or #12, our own number.")]
IDENTIFYING = (*IDENTITIES, "chat_id")


@contact.command()
def show(context: typer.Context, reference: ContactArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show what is known of a contact, and where its time zone comes from.

    Example: engage contact show ana
    """
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        known_as = engaged.people.identities(person.id)
    _print_contact(person, known_as, as_json=as_json)


@contact.command("set")
def set_(
    context: typer.Context,
    reference: ContactArgument,
    values: Annotated[list[str], typer.Argument(
        metavar="NAME=VALUE", help="Attributes; an empty VALUE clears. NAME+=VALUE adds another address, NAME-=VALUE removes it.",
    )],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set attributes of a contact, normalised as on import.

    A contact has one primary address of each kind, to which messages go, and may be known by others too. One of the others that is
    set becomes the primary one, and that one of the others.

    Example: engage contact set ana timezone=Europe/Riga plan= email+=ana@work.example
    """
    with app_of(context).open(workspace).engaged() as engaged:
        person = contact_named(engaged, reference)
        told = [pair(one, "NAME=VALUE") for one in values]
        attributes = _attributes(engaged, person, dict(pair for pair in told if not pair[0].endswith(("+", "-"))))
        others = {sign: _identities(engaged, person, [pair for pair in told if pair[0].endswith(sign)]) for sign in "+-"}
        now = engaged.clock.now()
        changed = engaged.people.change(person.id, attributes, now=now, added=others["+"], removed=others["-"])
        known_as = engaged.people.identities(person.id)
        engaged.nudge()
    _print_contact(changed, known_as, as_json=as_json)


def contact_named(engaged: Engaged, reference: str) -> Contact:
    """The contact that a reference names. Raises InputError where there is none, or several share it."""
    person = engaged.people.find(reference)
    if person is None and engaged.people.is_barred(reference):
        raise InputError.of(f"whoever was known as {reference!r} was erased", file="<command line>")
    if person is None:
        raise InputError.of(f"no contact is known as {reference!r}", file="<command line>")
    return person


def _identities(engaged: Engaged, person: Contact, pairs: Sequence[tuple[str, str]]) -> Sequence[Identity]:
    """Other identities that are added or removed, normalised as attributes are."""
    found = []
    for signed, raw in pairs:
        name = signed[:-1]
        if name not in IDENTIFYING:
            what = f"{signed}=: only {', '.join(IDENTIFYING)} can have others beside the primary one"
            raise InputError.of(what, file="<command line>", suggestion=nearest(name, IDENTIFYING))
        value = _attributes(engaged, person, {name: raw})[name]
        if not isinstance(value, str):
            raise InputError.of(f"{signed}=: which one?", file="<command line>")
        found.append(Identity(name=name, value=value, source="command line"))
    return found


def _attributes(engaged: Engaged, person: Contact, pairs: Mapping[str, str]) -> Mapping[str, Value]:
    kinds = kinds_of(engaged.workspace.settings)
    attributes: dict[str, Value] = {}
    country = pairs["country"].strip().upper() if "country" in pairs else person.text("country")
    for name, raw in pairs.items():
        if name not in kinds:
            what = f"there is no attribute {name!r} among {', '.join(sorted(kinds))}"
            raise InputError.of(what, file="<command line>", suggestion=nearest(name, kinds))
        try:
            attributes[name] = normalise(name, kinds[name], raw, country=country)
        except Unusable as error:
            raise InputError.of(f"{name}: {error.what}", file="<command line>", suggestion=error.suggestion) from error
    return attributes


def pair(text: str, what: str) -> tuple[str, str]:
    """NAME=VALUE as given on the command line. Raises InputError."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        missing = "has nothing before its `=`" if equals else "has no `=`"
        raise InputError.of(f"{what}: {text!r} {missing}", file="<command line>")
    return name, value


def _print_contact(person: Contact, known_as: Sequence[Identity], *, as_json: bool) -> None:
    others = [each for each in known_as if not each.is_primary]
    if as_json:
        print_json({
            "id": person.id, "attributes": {name: to_json(value) for name, value in person.attributes.items()},
            "others": [
                {"name": each.name, "value": each.value, "source": each.source, "added_at": each.added_at} for each in others
            ],
            "zones": list(person.zones.names), "zone_source": person.zones.source.value,
        })
        return
    zones = ", ".join(person.zones.names) or "none: the zone's name does not exist, so nothing is sent"
    facts = {name: as_text(value) for name, value in person.attributes.items()}
    also = {f"also {name}": ", ".join(each.value for each in others if each.name == name) for name in IDENTIFYING}
    print_facts({**facts, **{name: values for name, values in also.items() if values}, "lives in": f"{zones} (by {person.zones.source})"})
