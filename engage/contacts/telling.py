"""One row of a file -> what it tells of one person, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import final

from engage.contacts.columns import Columns, ConsentColumn
from engage.contacts.normalise import moment, normalise, text
from engage.contacts.places import Unusable
from engage.contacts.ports import Permission, Person
from engage.model.contact import IDENTITIES, AttributeKind, Value

_CONSENT = re.compile(r"(?P<word>[^@]*)(@(?P<at>.*))?", re.DOTALL)
_WORDS = {"granted": True, "yes": True, "true": True, "withdrawn": False, "no": False, "false": False}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a row tells. `troubles` tell why it cannot be taken, `notes` what is odd about it though it is."""

    person: Person
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def read_row(
    values: Mapping[str, object], columns: Columns, *, source: str, now: datetime, placeholder_dates: Set[date] = frozenset(),
) -> Told:
    """What the row tells. An empty cell tells nothing; JSON's null clears. `source` is where its consents come from, unless it says."""
    troubles: list[str] = []
    notes: list[str] = []
    attributes: dict[str, Value] = {}
    country = _country(values, columns)
    for column, (name, kind) in columns.attributes.items():
        raw = values.get(column, "")
        try:
            value = normalise(name, kind, raw, country=country)
        except Unusable as error:
            troubles.append(f"{name}: {error}")
            continue
        if value is not None or raw is None:
            attributes[name] = value
        if isinstance(value, date) and value in placeholder_dates:
            notes.append(f"{name} {value} is a placeholder: no campaign goes by it")
    if not troubles and not any(attributes.get(name) for name in IDENTITIES):
        troubles.append("nothing tells who this is: external_id, email and phone are all empty")
    permissions = _permissions(values, columns, source, now, troubles)
    return Told(person=Person(attributes=attributes, permissions=permissions), troubles=tuple(troubles), notes=tuple(notes))


def _country(values: Mapping[str, object], columns: Columns) -> str | None:
    """The row's country, for reading its phone number; None where it has none that can be read."""
    column = next((column for column, (name, _) in columns.attributes.items() if name == "country"), None)
    try:
        found = normalise("country", AttributeKind.TEXT, values.get(column, "")) if column else None
    except Unusable:
        return None
    return found if isinstance(found, str) else None


def _permissions(
    values: Mapping[str, object], columns: Columns, source: str, now: datetime, troubles: list[str],
) -> tuple[Permission, ...]:
    """The consents of a row; what is wrong with them is added to `troubles`."""
    found = []
    try:
        at = _cell(values, columns.consent_at)
        dated = _past(at, now) if at else None
        told_source = _cell(values, columns.consent_source) or source
    except Unusable as error:
        troubles.append(f"consent_at or consent_source: {error}")
        return ()
    for name, column in columns.consents.items():
        try:
            permission = _permission(_cell(values, name), column, dated, told_source, now)
        except Unusable as error:
            troubles.append(f"{columns.targets[name]}: {error}")
            continue
        found += [permission] if permission else []
    return tuple(found)


def _permission(cell: str, column: ConsentColumn, at: datetime | None, source: str, now: datetime) -> Permission | None:
    """`granted`, `no`, `granted @2025-11-03` ...; None where the cell is empty."""
    if not cell:
        return None
    parts = _CONSENT.fullmatch(cell)
    word = parts["word"].strip().casefold() if parts else ""
    if parts is None or word not in _WORDS:
        raise Unusable(f"{cell!r} is neither granted nor withdrawn (nor yes, no, true, false), with or without @ and a date")
    own = _past(parts["at"].strip(), now) if parts["at"] is not None else at
    return Permission(purpose=column.purpose, channel=column.channel, granted=_WORDS[word], at=own, source=source)


def _past(raw: str, now: datetime) -> datetime:
    at = moment(raw)
    if at > now:
        raise Unusable(f"{raw} lies in the future")
    return at


def _cell(values: Mapping[str, object], column: str | None) -> str:
    raw = values.get(column, "") if column else ""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if raw is None:
        return ""
    return text(raw if isinstance(raw, str) else str(raw))
