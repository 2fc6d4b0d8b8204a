"""One row of a file -> what it tells of one person, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import final

from engage.contacts.columns import Columns
from engage.contacts.dates import DateFormats
from engage.contacts.normalise import normalise, reader_of
from engage.contacts.permitting import Kept, PermissionReader
from engage.contacts.places import Unusable
from engage.contacts.ports import Person
from engage.model.contact import IDENTITIES, AttributeKind, Value
from engage.model.making import made_often

UNLIKE = ("external_id", "email", "phone", "chat_id")
"""The attributes that hardly ever are the same in two rows."""

_DATES = (AttributeKind.DATE, AttributeKind.DATETIME)


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a row tells. `troubles` tell why it cannot be taken, `notes` what is odd about it though it is."""

    person: Person
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of a file beside its rows: where its consents come from unless it says so, how it writes dates, and what its
    rows have that do not say it themselves (`defaults`: values by attribute; `circumstances` of their consents, as written)."""

    source: str
    dates: DateFormats = field(default_factory=lambda: DateFormats(by_name={}))
    defaults: Mapping[str, Value] = field(default_factory=dict)
    circumstances: Mapping[str, str] = field(default_factory=dict)
    placeholder_dates: Set[date] = frozenset()


@final
class RowReader:
    """Reads the rows of one file. Raises Unusable where what is said of all rows cannot be."""

    def __init__(self, columns: Columns, reading: Reading, *, now: datetime) -> None:
        self._columns = columns
        self._reading = reading
        self._now = now
        self._defaults = {name: value for name, value in reading.defaults.items() if name != "country"}
        self._country = next((column for column, (name, _) in columns.attributes.items() if name == "country"), None)
        self._values = [(column, name, *self._valued(name, kind)) for column, (name, kind) in columns.attributes.items()]
        self._countries = next((known for _, name, _, known in self._values if name == "country"), None)
        self._permissions = PermissionReader(
            columns, source=reading.source, dates=reading.dates, now=now, constants=reading.circumstances
        )

    def read(self, values: Mapping[str, object]) -> Told:
        """What the row tells. An empty cell tells nothing; JSON's null clears."""
        troubles: list[str] = []
        notes: list[str] = []
        country = self._read_country(values)
        attributes: dict[str, Value] = {"country": country} if country else {}
        get = values.get
        for column, name, valued, known in self._values:
            raw = get(column, "")
            if raw == "":
                continue
            try:
                value = known[raw] if known is not None and type(raw) is str else valued(raw, country)  # as keys JSON has 1 and true alike
            except Unusable as error:
                troubles.append(f"{name}: {error}")
                continue
            if value is not None or raw is None:
                attributes[name] = value
            if type(value) is date and value in self._reading.placeholder_dates:
                notes.append(f"{name} {value} is a placeholder: no campaign goes by it")
        for name, default in self._defaults.items():
            attributes.setdefault(name, default)
        if not troubles and not any(map(attributes.get, IDENTITIES)):
            troubles.append("nothing tells who this is: external_id, email and phone are all empty")
        permissions, wrong = self._permissions.read(values)
        if troubles or wrong:
            return Told(person=Person(attributes=attributes, permissions=permissions), troubles=(*troubles, *wrong), notes=tuple(notes))
        return Told(person=Person(attributes=attributes, permissions=permissions), notes=tuple(notes))

    def _valued(self, name: str, kind: AttributeKind) -> tuple[Callable[[object, str | None], Value], Kept | None]:
        """How a cell of the attribute, in a row of that country, becomes its value; and what is remembered of cells in text."""
        if name == "phone":
            return lambda raw, country: normalise("phone", kind, raw, country=country), None
        read = reader_of(name, kind)
        written = self._reading.dates.of_attribute(name) if kind in _DATES else None
        if written is None:
            return lambda raw, _: read(raw), None if name in UNLIKE else Kept(read)
        return lambda raw, _: read(raw), Kept(lambda raw: read(written.iso(raw)))

    def _read_country(self, values: Mapping[str, object]) -> str | None:
        """The row's country, else that of all rows that name none; None too where it cannot be read, which the row is refused for."""
        raw = values.get(self._country, "") if self._country else ""
        if raw == "":
            default = self._reading.defaults.get("country")
            return default if isinstance(default, str) else None
        try:
            known = self._countries
            found = known[raw] if known is not None and type(raw) is str else normalise("country", AttributeKind.TEXT, raw)
        except Unusable:
            return None
        return found if isinstance(found, str) else None
