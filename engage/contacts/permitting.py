"""The consents of one row of a file, and what it says of how they were given -> permissions for the ledger, or what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, final

from engage.contacts.columns import CIRCUMSTANCES, Columns, ConsentColumn
from engage.contacts.dates import DateFormats
from engage.contacts.normalise import moment, text
from engage.contacts.places import Unusable, locale
from engage.contacts.ports import Permission
from engage.model.consent import Wording
from engage.model.contact import Ground
from engage.model.errors import nearest

KEPT = 20_000
"""So many different values of a column are kept with what they come to: most columns say the same few things in all rows."""

LONGEST = 2_000
"""Characters of a proof or a source; a wording may be as long as any text."""

_CONSENT = re.compile(r"(?P<word>[^@]*)(@(?P<at>.*))?", re.DOTALL)
_WORDS = {"granted": True, "yes": True, "true": True, "withdrawn": False, "no": False, "false": False}
_HASH = re.compile(r"[0-9a-fA-F]{64}")

Read = TypeVar("Read")

Permitted = tuple[tuple[Permission, ...], tuple[str, ...]]
"""The permissions of a row, and its troubles."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """How the consents of a row were given: as it says, checked."""

    at: datetime | None
    source: str
    ground: Ground | None
    wording: str | None
    locale: str | None
    expires_at: datetime | None


@final
class PermissionReader:
    """Reads the consents of one file's rows. `constants` are circumstances of rows that do not say them. Raises Unusable for those."""

    def __init__(self, columns: Columns, *, source: str, dates: DateFormats, now: datetime, constants: Mapping[str, str]) -> None:
        self._source = source
        self._dates = dates
        self._now = now
        self._targets = columns.targets
        self._consents = tuple(columns.consents.items())
        self._constants = tuple(constants.get(name, "") for name in _SHARED)
        self._proof, self._proven_by = columns.circumstances.get(PROOF), _lines(PROOF, constants.get(PROOF, ""))
        self._columns = tuple(columns.circumstances.get(name, "") for name in _SHARED)
        self._needed = (*self._columns, *(name for name, _ in self._consents))
        self._row, self._given, self._permission = Kept(self._read), Kept(self._read_given), Kept(self._permitted)
        self._given[self._constants]  # raises what is wrong with them

    def read(self, values: Mapping[str, object]) -> Permitted:
        """What the row allows and forbids. Cells that are empty, or null, say nothing."""
        cells = [values.get(name, "") for name in self._needed]
        found: Permitted = self._row[tuple([cell if isinstance(cell, str) else _cell(cell) for cell in cells])]
        return found if self._proof is None and not self._proven_by else self._proven(found, values)

    def _proven(self, found: Permitted, values: Mapping[str, object]) -> Permitted:
        """The same with the row's proof: the one of the circumstances that hardly ever are those of another row."""
        permissions, troubles = found
        try:
            proof = _lines(PROOF, _cell(values.get(self._proof, "")) if self._proof else "") or self._proven_by
        except Unusable as error:
            return (), (*troubles, str(error))
        return tuple(replace(each, proof=proof) for each in permissions) if proof else permissions, troubles

    def _read(self, cells: tuple[object, ...]) -> Permitted:
        number = len(self._columns)
        try:
            told = tuple(_cell(cell) or constant for cell, constant in zip(cells[:number], self._constants, strict=True))
            self._given[told]
        except Unusable as error:
            return (), (str(error),)
        found: list[Permission] = []
        troubles: list[str] = []
        for (name, column), cell in zip(self._consents, cells[number:], strict=True):
            try:
                word = text(_cell(cell))
                found += [self._permission[word, column, told]] if word else []
            except Unusable as error:
                troubles.append(f"{self._targets[name]}: {error}")
        return tuple(found), tuple(troubles)

    def _permitted(self, told: tuple[str, ConsentColumn, tuple[str, ...]]) -> Permission:
        """`granted`, `no`, `granted @2025-11-03` ..., with what the row says of all its consents."""
        cell, column, row = told
        given: _Given = self._given[row]
        parts = _CONSENT.fullmatch(cell)
        word = parts["word"].strip().casefold() if parts else ""
        if parts is None or word not in _WORDS:
            raise Unusable(f"{cell!r} is neither granted nor withdrawn (nor yes, no, true, false), with or without @ and a date")
        at = given.at if parts["at"] is None else self._past(parts["at"].strip())
        permission = Permission(purpose=column.purpose, channel=column.channel, granted=_WORDS[word], at=at, source=given.source)
        return self._granted(permission, given) if permission.granted else permission

    def _granted(self, permission: Permission, given: _Given) -> Permission:
        """The grant with what is said of grants alone: a withdrawal rests on nothing, and ends with nothing but a grant."""
        if given.expires_at is not None and given.expires_at <= (permission.at or self._now):
            begins = "" if permission.at else ": without its date it begins now"
            raise Unusable(f"consent_expires: {given.expires_at:%Y-%m-%d} is before it begins{begins}")
        read = given.wording and Wording(purpose=permission.purpose, locale=given.locale or "", text=given.wording)
        return replace(permission, ground=given.ground, wording=read or None, locale=given.locale, expires_at=given.expires_at)

    def _read_given(self, told: tuple[str, ...]) -> _Given:
        at, source, basis, wording, language, expires = told
        if wording and not language:
            raise Unusable("consent_wording: nothing says in which language it was read: consent_language")
        return _Given(
            at=_named("consent_at", self._past, at) if at else None,
            source=_lines("consent_source", source) or self._source,
            ground=_ground(basis) if basis else None,
            wording=_wording(wording) if wording else None,
            locale=_named("consent_language", locale, language) if language else None,
            expires_at=_named("consent_expires", partial(self._moment, "consent_expires"), expires) if expires else None,
        )

    def _past(self, raw: str) -> datetime:
        at = self._moment("consent_at", raw)
        if at > self._now:
            raise Unusable(f"{raw} lies in the future")
        return at

    def _moment(self, name: str, raw: str) -> datetime:
        written = self._dates.of_attribute(name)
        cell = text(raw)
        return moment(written.iso(cell) if written else cell)


@final
class Kept(dict[Any, Any]):
    """What was made of the latest texts, or tuples of them: `kept[text]` makes it the first time. May raise what making raises."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, given: Any) -> Any:
        made = self._make(given)
        if len(self) >= KEPT:
            self.clear()
        self[given] = made
        return made


def _ground(raw: str) -> Ground:
    word = text(raw).lower().replace(" ", "_").replace("-", "_")
    if word not in set(Ground):
        raise Unusable(f"consent_basis: {raw!r} is none of {', '.join(Ground)}", nearest(word, Ground))
    return Ground(word)


def _wording(raw: str) -> str:
    if _HASH.fullmatch(raw.strip()):
        raise Unusable("consent_wording: this is a hash; what was read is kept as its text, from which the hash is made")
    return _lines("consent_wording", raw, longest=None)


def _lines(name: str, raw: str, *, longest: int | None = LONGEST) -> str:
    """The text, which may have several lines, trimmed and in Unicode's NFC."""
    found = _named(name, lambda lines: "\n".join(map(text, lines.splitlines())).strip(), raw)
    if longest is not None and len(found) > longest:
        raise Unusable(f"{name}: is longer than {longest} characters")
    return found


def _named(name: str, reads: Callable[[str], Read], raw: str) -> Read:
    try:
        return reads(raw)
    except Unusable as error:
        raise Unusable(f"{name}: {error.what}", error.suggestion) from error


def _cell(raw: object) -> str:
    if raw == "" or raw is None:
        return ""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return raw.strip() if isinstance(raw, str) else str(raw)


PROOF = "consent_proof"
_SHARED = tuple(name for name in CIRCUMSTANCES if name != PROOF)
