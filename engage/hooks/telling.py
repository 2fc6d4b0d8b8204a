"""What a source told -> an event of ours and a contact's attributes, each value as the kind that engage.yaml declares. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from engage.contacts.normalise import normalise
from engage.contacts.places import Unusable
from engage.hooks.found import CONTACT_UPDATED, Person, Told
from engage.hooks.request import malformed
from engage.hooks.values import text, words
from engage.model.contact import BUILT_IN_ATTRIBUTES, IDENTITIES, AttributeKind, Event, Value
from engage.model.hooks import Hook
from engage.model.workspace import Settings
from engage.planning.incoming import LONGEST_ID, read_event

LONGEST_TYPE = 100
LONGEST_REFERENCE = 320

_MILLISECONDS = re.compile(r"-?\d{10,13}", re.ASCII)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def event_of(hook: Hook, told: Told, *, settings: Settings, fallback: str, contact_id: int | None, now: datetime) -> Event:
    """The event, its id the hook's own: the source's name of it, else `fallback`. It is never later than now.

    Raises InputError for a declared field of another type, and whatever no event can have.
    """
    if len(told.type) > LONGEST_TYPE or len(told.contact or "") > LONGEST_REFERENCE:
        raise malformed("the event's type or contact is too long")
    kinds = settings.events.get(told.type, {})
    declared = {name: value for name, value in told.more.items() if name in kinds}
    data = {name: _suited(value, kinds.get(name)) for name, value in {**declared, **told.data}.items()}
    read = read_event(
        id=_id(hook, told, fallback), type=told.type, at=min(told.at or now, now), data=data, contact_ref=told.contact, now=now,
        declared=settings.events,
    )
    return read.event if contact_id is None else replace(read.event, contact_id=contact_id, contact_ref=None)


def updated(person: Person) -> Told:
    """That a contact was told of: which fields, not what they say."""
    return Told(type=CONTACT_UPDATED, id=person.id, at=person.at, data={"fields": sorted(person.attributes)})


def attributes_of(person: Person, settings: Settings) -> tuple[dict[str, Value], list[str]]:
    """What is told of the person, normalised as the import does it, and what of it cannot be read; names that are no attributes are
    left out.

    Raises InputError where nothing but who it is can be read.
    """
    kinds = {**BUILT_IN_ATTRIBUTES, **settings.attributes}
    told = {name: value for name, value in person.attributes.items() if name in kinds}
    country = told.get("country")
    found: dict[str, Value] = {}
    unusable: list[str] = []
    for name, raw in told.items():
        try:
            near = str(country) if name == "phone" and isinstance(country, str) and len(country) == 2 else None
            found[name] = normalise(name, kinds[name], _day(raw) if kinds[name] is AttributeKind.DATE else raw, country=near)
        except Unusable as error:
            unusable.append(f"{name}: {error}")
    if unusable and not (found.keys() & IDENTITIES and found.keys() - {"external_id"}):
        raise malformed("; ".join(unusable))
    return found, unusable


def _day(raw: object) -> object:
    """The date of a moment in milliseconds, as HubSpot writes days: midnight in UTC."""
    if not isinstance(raw, str) or not _MILLISECONDS.fullmatch(raw):
        return raw
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(raw))).date().isoformat()


def _id(hook: Hook, told: Told, fallback: str) -> str:
    id_ = f"{hook.name}:{told.id or fallback}"
    return id_ if len(id_) <= LONGEST_ID else f"{hook.name}:{sha256(id_.encode()).hexdigest()}"


def _suited(value: object, kind: AttributeKind | None) -> object:
    """The value as its kind, where other systems only write it otherwise: 7 for "7", "5" for 5, "a, b" for a list."""
    match kind, value:
        case AttributeKind.TEXT, bool():
            return str(value).lower()
        case AttributeKind.TEXT, int() | float():
            return str(value)
        case AttributeKind.NUMBER, str():
            return _number(value)
        case AttributeKind.BOOLEAN, str() | int():
            return _TRUTH.get(str(value).strip().lower(), value)
        case AttributeKind.LIST, str():
            return words(value)
        case (AttributeKind.NUMBER | AttributeKind.DATE | AttributeKind.DATETIME | AttributeKind.MONEY), _:
            return None if value == "" else value
        case _:
            return value


def _number(written: str) -> object:
    plain = text(written)
    try:
        return None if plain is None else float(plain) if "." in plain else int(plain)
    except ValueError:
        return written

