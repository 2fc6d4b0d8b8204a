"""One value of a contact as people and other systems write it -> the typed value that Engage keeps, or Unusable.

Everything that makes or changes a contact goes through here: the import, `contact set`, the API. Taking what came out once
more gives the same again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from engage.contacts import places
from engage.contacts.emails import email
from engage.contacts.phones import CUT, e164
from engage.contacts.places import Unusable
from engage.model.campaign import FREQUENCIES
from engage.model.contact import AttributeKind, Money, Value
from engage.model.errors import nearest

LONGEST_TEXT = 10_000
LONGEST_IDENTITY = 255
MOST_ITEMS = 200

_EDGES = re.compile(r"^[\s\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+|[\s\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # Unicode's Cc, Zl, Zp and Cs
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,12})?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?", re.ASCII)
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)  # so, and not as 1e11, which may be an id of hexadecimal digits
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_AT_MIDNIGHT = re.compile(r"[T ]0?0:00(:00(\.0+)?)?", re.ASCII)
_OTHER_DATE = re.compile(  # day first with dots, or year first: the notations that can be read in one way only
    r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})|(?P<y2>\d{4})[/.](?P<m2>\d{1,2})[/.](?P<d2>\d{1,2})", re.ASCII
)
_COMMA_AMOUNT = re.compile(r"\d+,\d\d [A-Z]{3}", re.ASCII)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def normalise(name: str, kind: AttributeKind, raw: object, *, country: str | None = None) -> Value:
    """The attribute's value, typed. `raw` is text or a JSON value; None, and text that is empty when trimmed, give None.

    `country` (alpha-2) helps to read a phone number written without its country code. Raises Unusable.
    """
    if name == "phone" and isinstance(raw, str):
        written = text(raw)
        return e164(written, country) if written else None
    return reader_of(name, kind, country=country)(raw)


def reader_of(name: str, kind: AttributeKind, *, country: str | None = None) -> Callable[[object], Value]:
    """What `normalise` does with values of that attribute, once and for all of them; a phone number in text needs its country each time."""
    reads = _SPECIAL.get(name) or _BY_KIND[kind]

    def read(raw: object) -> Value:
        if not isinstance(raw, str):
            return _of_json(name, kind, raw, country)
        written = text(raw)
        return reads(written) if written else None

    return read


def as_text(value: Value) -> str:
    """The value as a person writes it; `normalise` reads it back."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case Money():
            return f"{value.amount} {value.currency}"
        case tuple():
            return "; ".join(value)
        case _:
            return str(value)


def text(raw: str) -> str:
    """The text in Unicode's NFC, without white space and invisible marks at its ends. Control characters are refused."""
    if len(raw) <= LONGEST_TEXT and raw.isascii() and raw.isprintable():  # as most are
        return raw.strip(" ")
    trimmed = _EDGES.sub("", unicodedata.normalize("NFC", raw))
    if control := _CONTROL.search(trimmed):
        raise Unusable(f"holds the control character U+{ord(control[0]):04X}")
    if len(trimmed) > LONGEST_TEXT:
        raise Unusable(f"is longer than {LONGEST_TEXT} characters")
    return trimmed


def frequency(raw: str) -> str:
    """How often somebody wants to hear from us at most."""
    word = raw.lower()
    if word not in FREQUENCIES:
        raise Unusable(f"{raw!r} is none of {', '.join(FREQUENCIES)}", nearest(word, FREQUENCIES))
    return word


def day(raw: str) -> date:
    """A date written as in ISO 8601: 1992-02-29. Databases and spreadsheets add midnight to it, which says nothing more."""
    if _AT_MIDNIGHT.fullmatch(raw, 10):
        raw = raw[:10]
    if _ISO_DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError as error:
            raise Unusable(f"there is no day {raw}") from error
    raise Unusable(f"{raw!r} is no date such as 1992-02-29", _rewritten(raw))


def moment(raw: str) -> datetime:
    """A moment written as in ISO 8601, in UTC; without an offset it counts as UTC, without a time as midnight."""
    try:
        found = datetime.fromisoformat(raw) if _ISO_DATE.match(raw) else None
        found = found and (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"{raw!r} is no moment such as 2026-02-28T09:00:00Z") from error
    if found is None:
        raise Unusable(f"{raw!r} is no moment such as 2026-02-28T09:00:00Z", _rewritten(raw))
    return found


def money(raw: str) -> Money:
    """An amount and a currency, in either order: `12.30 EUR`."""
    parts = raw.split()
    if len(parts) == 2 and _AMOUNT.fullmatch(parts[1]):
        parts.reverse()
    if len(parts) != 2 or not _AMOUNT.fullmatch(parts[0]):
        raise Unusable(f"{raw!r} is no amount such as 12.30 EUR", raw.replace(",", ".") if _COMMA_AMOUNT.fullmatch(raw) else None)
    return Money(amount=Decimal(parts[0]), currency=places.currency(parts[1]))


def _number(raw: str) -> int | float:
    if not _NUMBER.fullmatch(raw):
        raise Unusable(f"{raw!r} is no number such as 12 or 0.5")
    return int(raw) if re.fullmatch(r"[+-]?\d+", raw) else float(raw)


def _boolean(raw: str) -> bool:
    if raw.casefold() not in _TRUTH:
        raise Unusable(f"{raw!r} is neither true nor false")
    return _TRUTH[raw.casefold()]


def _items(raw: str) -> tuple[str, ...]:
    return _list_of(raw.split(";"))


def _list_of(raw: list[str]) -> tuple[str, ...]:
    items = tuple(dict.fromkeys(item for item in map(text, raw) if item))
    if len(items) > MOST_ITEMS:
        raise Unusable(f"has more than {MOST_ITEMS} items")
    if any(";" in item for item in items):
        raise Unusable("has an item with a semicolon, which separates items")
    return items


def _identity(raw: str) -> str:
    if len(raw) > LONGEST_IDENTITY:
        raise Unusable(f"is longer than {LONGEST_IDENTITY} characters")
    if raw[0] == "'" and raw.lstrip("'"):
        raise Unusable(f"{raw!r} begins with an apostrophe, left by a spreadsheet", raw.lstrip("'"))
    if raw[0].isdecimal() and _ROUNDED.fullmatch(raw):
        raise Unusable(f"{raw!r} {CUT}")
    return raw


def _rewritten(raw: str) -> str | None:
    """What an unambiguous date in another notation would be in ISO 8601."""
    found = _OTHER_DATE.fullmatch(raw)
    if not found:
        return None
    year, month, of_month = (int(found[name] or found[f"{name}2"]) for name in ("y", "m", "d"))
    try:
        return date(year, month, of_month).isoformat()
    except ValueError:
        return None


def _of_json(name: str, kind: AttributeKind, raw: object, country: str | None) -> Value:
    match kind, raw:
        case _, None:
            return None
        case AttributeKind.LIST, list() | tuple() if all(isinstance(item, str | int | float) for item in raw):
            return _list_of([str(item) for item in raw]) or None
        case AttributeKind.MONEY, Mapping() if isinstance(raw.get("currency"), str):
            return normalise(name, kind, f"{raw.get('amount')} {raw['currency']}")
        case AttributeKind.BOOLEAN, bool():
            return raw
        case (AttributeKind.NUMBER | AttributeKind.TEXT), int() | float() if not isinstance(raw, bool):
            return normalise(name, kind, str(raw), country=country)
        case AttributeKind.MONEY, Money():
            return raw
        case (AttributeKind.DATE | AttributeKind.DATETIME), date():
            return normalise(name, kind, raw.isoformat())
    raise Unusable(f"is not of the kind {kind}")


_BY_KIND: Mapping[AttributeKind, Callable[[str], Value]] = {
    AttributeKind.TEXT: str,
    AttributeKind.NUMBER: _number,
    AttributeKind.BOOLEAN: _boolean,
    AttributeKind.DATE: day,
    AttributeKind.DATETIME: moment,
    AttributeKind.LIST: lambda raw: _items(raw) or None,
    AttributeKind.MONEY: money,
}

_SPECIAL: Mapping[str, Callable[[str], Value]] = {
    "external_id": _identity,
    "chat_id": _identity,
    "email": email,
    "locale": places.locale,
    "country": places.country,
    "timezone": places.timezone,
    "frequency": frequency,
}
