"""One row of a file -> what it tells of one person, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, final

from engage.contacts.columns import Columns, ConsentColumn
from engage.contacts.dates import DateFormats
from engage.contacts.normalise import moment, normalise, text
from engage.contacts.places import Unusable
from engage.contacts.ports import Permission, Person
from engage.model.contact import IDENTITIES, AttributeKind, Value

KEPT = 20_000
"""So many different values of a column are kept with what they come to: most columns say the same few things in all rows."""

UNLIKE = ("external_id", "email", "phone", "chat_id")
"""The attributes that hardly ever are the same in two rows."""

_CONSENT = re.compile(r"(?P<word>[^@]*)(@(?P<at>.*))?", re.DOTALL)
_WORDS = {"granted": True, "yes": True, "true": True, "withdrawn": False, "no": False, "false": False}
_DATES = (AttributeKind.DATE, AttributeKind.DATETIME)


@final
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
    rows have that do not say it themselves (`defaults`: values by attribute)."""

    source: str
    dates: DateFormats = field(default_factory=lambda: DateFormats(by_name={}))
    defaults: Mapping[str, Value] = field(default_factory=dict)
    placeholder_dates: Set[date] = frozenset()


@final
class RowReader:
    """Reads the rows of one file."""

    def __init__(self, columns: Columns, reading: Reading, *, now: datetime) -> None:
        self._columns = columns
        self._reading = reading
        self._now = now
        self._defaults = {name: value for name, value in reading.defaults.items() if name != "country"}
        self._country = next((column for column, (name, _) in columns.attributes.items() if name == "country"), None)
        self._values = [(column, name, self._valued(name, kind)) for column, (name, kind) in columns.attributes.items()]
        self._permission = _kept(self._permitted)
        self._past = _kept(self._moment)

    def read(self, values: Mapping[str, object]) -> Told:
        """What the row tells. An empty cell tells nothing; JSON's null clears."""
        troubles: list[str] = []
        notes: list[str] = []
        country = self._country_of(values)
        attributes: dict[str, Value] = {"country": country} if country else {}
        for column, name, valued in self._values:
            raw = values.get(column, "")
            if raw == "":
                continue
            try:
                value = valued((raw, country) if name == "phone" else raw)
            except Unusable as error:
                troubles.append(f"{name}: {error}")
                continue
            if value is not None or raw is None:
                attributes[name] = value
            if value in self._reading.placeholder_dates:
                notes.append(f"{name} {value} is a placeholder: no campaign goes by it")
        for name, value in self._defaults.items():
            attributes.setdefault(name, value)
        if not troubles and not any(attributes.get(name) for name in IDENTITIES):
            troubles.append("nothing tells who this is: external_id, email and phone are all empty")
        permissions = self._permissions(values, troubles)
        return Told(person=Person(attributes=attributes, permissions=permissions), troubles=tuple(troubles), notes=tuple(notes))

    def _valued(self, name: str, kind: AttributeKind) -> Callable[..., Value]:
        """How a cell of the attribute becomes its value."""
        if name == "phone":
            return lambda given: normalise("phone", kind, given[0], country=given[1])
        written = self._reading.dates.of_attribute(name) if kind in _DATES else None

        def value(raw: object) -> Value:
            return normalise(name, kind, written.iso(raw) if written and isinstance(raw, str) else raw)

        return value if name in UNLIKE else _kept(value)

    def _country_of(self, values: Mapping[str, object]) -> str | None:
        """The row's country, else that of all rows that name none; None too where it cannot be read, which the row is refused for."""
        default = self._reading.defaults.get("country")
        raw = values.get(self._country, "") if self._country else ""
        if raw == "":
            return default if isinstance(default, str) else None
        valued = next(valued for column, _, valued in self._values if column == self._country)
        try:
            found = valued(raw)
        except Unusable:
            return None
        return found if isinstance(found, str) else None

    def _permissions(self, values: Mapping[str, object], troubles: list[str]) -> tuple[Permission, ...]:
        """The consents of a row; what is wrong with them is added to `troubles`."""
        found = []
        try:
            at = _cell(values, self._columns.consent_at)
            source = _cell(values, self._columns.consent_source)
            if at:
                self._past(at)
        except Unusable as error:
            troubles.append(f"consent_at or consent_source: {error}")
            return ()
        for name, column in self._columns.consents.items():
            try:
                cell = _cell(values, name)
                permission = self._permission((cell, column, at, source)) if cell else None
            except Unusable as error:
                troubles.append(f"{self._columns.targets[name]}: {error}")
                continue
            found += [permission] if permission else []
        return tuple(found)

    def _permitted(self, told: tuple[str, ConsentColumn, str, str]) -> Permission:
        """`granted`, `no`, `granted @2025-11-03` ..., with the row's own time and source."""
        cell, column, at, source = told
        parts = _CONSENT.fullmatch(cell)
        word = parts["word"].strip().casefold() if parts else ""
        if parts is None or word not in _WORDS:
            raise Unusable(f"{cell!r} is neither granted nor withdrawn (nor yes, no, true, false), with or without @ and a date")
        own = parts["at"].strip() if parts["at"] is not None else at or None
        return Permission(
            purpose=column.purpose, channel=column.channel, granted=_WORDS[word], at=None if own is None else self._past(own),
            source=source or self._reading.source,
        )

    def _moment(self, raw: str) -> datetime:
        written = self._reading.dates.of_attribute("consent_at")
        at = moment(written.iso(raw) if written else raw)
        if at > self._now:
            raise Unusable(f"{raw} lies in the future")
        return at


def _kept(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, which remembers what it made of the latest values."""
    made: dict[Any, Any] = {}

    def recall(given: Any) -> Any:
        try:
            return made[given]
        except KeyError:
            if len(made) >= KEPT:
                made.clear()
            return made.setdefault(given, make(given))
        except TypeError:  # JSON's lists and objects are no keys
            return make(given)

    return recall


def _cell(values: Mapping[str, object], column: str | None) -> str:
    raw = values.get(column, "") if column else ""
    if raw == "" or raw is None:
        return ""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return text(raw if isinstance(raw, str) else str(raw))
