"""What templates see of the data: read-only fields by name, where a name is always the data's and never a method."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import final

from engage.model.contact import AttributeKind, Money, Value
from engage.model.errors import nearest
from engage.model.values import from_json

_AS_THEY_ARE = (date, Money)


@final
class Fields:
    """Named values. A name that is `declared` but missing is none; one that is not declared is undefined."""

    __slots__ = ("called", "declared", "values")

    def __init__(self, called: str, values: Mapping[str, object], declared: Collection[str] = ()) -> None:
        self.called = called
        self.values = values
        self.declared = declared

    def __contains__(self, name: object) -> bool:
        return name in self.values or name in self.declared

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole())

    def __len__(self) -> int:
        return len(self.whole()) if self.declared else len(self.values)

    def whole(self) -> Mapping[str, object]:
        """All fields, those that are missing among them."""
        return {**dict.fromkeys(self.declared), **self.values} if self.declared else self.values

    def hint(self, name: object) -> str:
        """Why a name is undefined here, with what was probably meant."""
        close = nearest(str(name), map(str, self.whole()))
        return f"{self.called} has no {str(name)!r}" + (f"; did you mean {close}?" if close else "")


def typed(called: str, raw: Mapping[str, object], kinds: Mapping[str, AttributeKind]) -> Fields:
    """Fields of declared kinds (missing ones are none), with whatever else `raw` holds."""
    values = {name: _typed(value, kinds[name]) if name in kinds else plain(name, value) for name, value in raw.items()}
    return Fields(called, values, kinds)


def plain(called: str, raw: object) -> object:
    """A JSON value as templates see it: money where it looks like money, other objects as fields, lists as tuples."""
    match raw:
        case str():
            return raw
        case Mapping() if raw.keys() == {"amount", "currency"}:
            return from_json(raw, AttributeKind.MONEY)
        case Mapping():
            return Fields(called, {str(name): plain(str(name), value) for name, value in raw.items()})
        case list() | tuple():
            return tuple(plain(called, item) for item in raw)
        case _:
            return raw


def _typed(raw: object, kind: AttributeKind) -> Value:
    """As `from_json`, for values that are typed already too (previews and checks hand those in)."""
    if isinstance(raw, _AS_THEY_ARE) or (raw is not None and not isinstance(raw, str | int | float | list | tuple | Mapping)):
        return raw  # type: ignore[return-value]  # a date, a date-time or money, made by ourselves
    return from_json(raw, kind)
