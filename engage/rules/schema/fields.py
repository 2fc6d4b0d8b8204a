"""The kinds of value that stand in the files' fields, each as a pydantic type: text in, value out, one JSON Schema, one name.

All models of the files are `Section`s: strict, frozen, with the place where they stand. Unions are told apart by the shape
of what is written (a text, a list, a map), never tried one after the other, so that an error is about what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engage.model.campaign import Limit, ReEntry
from engage.model.errors import NOT_BUILT, Place, nearest
from engage.model.steps import Expiry
from engage.model.time import Duration
from engage.rules import scalars
from engage.rules.tree import QUOTE, Items, Map, Scalar

NOWHERE = Place(file="<input>")

COMPLAINT = "engage"
KNOWN = "engage_known"
TEXT, LIST, MAP = "<text>", "<list>", "<map>"

"""What is said of whatever comes with a later release: it is refused by name, never ignored."""


def complaint(what: str, *, key: str | None = None, suggestion: str | None = None) -> PydanticCustomError:
    """An error in our own words; `key` names the key of the map at hand at which it is shown."""
    return PydanticCustomError(COMPLAINT, "{what}", {"what": what, "key": key, "suggestion": suggestion})


def shape(value: object) -> str:
    """What a union of a text, a list and a map is told apart by."""
    match value:
        case Items():
            return LIST
        case Map():
            return MAP
        case _:
            return TEXT


def text_of(value: object, called: str) -> Scalar:
    """The scalar, or the complaint that something else stands there."""
    if isinstance(value, Scalar | Map) and value.broken:
        raise PydanticCustomError(KNOWN, "reported already")
    if not isinstance(value, Scalar):
        what = f"{called} is expected here, not a {'map' if isinstance(value, Map) else 'list'}"
        raise complaint(f"{what}; {QUOTE}" if called == "an expression" else what)
    if not value.strip():
        raise complaint(f"nothing is written here; {called} is expected")
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Marks a field whose text is read by `function`. `called` names the kind with its article ("a duration")."""

    called: str
    function: Callable[[str], object] | None = None
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)

    def _read(self, value: object) -> object:
        text = text_of(value, self.called)
        if self.function is None:
            return text
        try:
            return self.function(text)
        except ValueError as error:
            raise complaint(f"`{text.written}` {error}", suggestion=getattr(error, "suggestion", None)) from error


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field that keeps its text with its place, once `check` accepts it."""

    called: str
    check: Callable[[str], object] = scalars.nonempty
    types: tuple[str, ...] = ("string",)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": self.types[0] if len(self.types) == 1 else list(self.types)}

    def _read(self, value: object) -> Scalar:
        text = text_of(value, self.called)
        try:
            self.check(text)
        except ValueError as error:
            raise complaint(f"`{text.written}` {error}", suggestion=getattr(error, "suggestion", None)) from error
        return text


@dataclass(frozen=True, slots=True)
class Called:
    """Gives a type with many shapes one name in the reference."""

    called: str


@dataclass(frozen=True, slots=True)
class Word:
    """Marks a field that holds one word of an enumeration."""

    words: type[StrEnum]

    @property
    def called(self) -> str:
        """The words, as people read them."""
        return "one of " + ", ".join(self.words)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"enum": [str(word) for word in self.words]}

    def _read(self, value: object) -> StrEnum:
        text = text_of(value, self.called)
        if str(text) not in [str(word) for word in self.words]:
            raise complaint(f"`{text.written}` is not {self.called}", suggestion=nearest(text, self.words))
        return self.words(text)


def one_of(*keys: str) -> JsonDict:
    """For a section's JSON Schema: exactly one of these keys stands there."""
    return {"oneOf": [{"required": [key]} for key in keys]}


def pattern(regex: str) -> Mapping[str, object]:
    """The JSON Schema of a text that looks so."""
    return {"type": "string", "pattern": regex}


_ANY_TEXT = ("string", "number", "boolean")
_SPAN = r"^([0-9]+(mo|w|d|h|m|s))+$"

Text = Annotated[Scalar, Names("a text", types=_ANY_TEXT)]
Source = Annotated[Scalar, Names("an expression", types=_ANY_TEXT)]
Name = Annotated[Scalar, Names("a name", scalars.name, _ANY_TEXT)]
FieldName = Annotated[Scalar, Names("a name", scalars.field)]
EventType = Annotated[Scalar, Names("an event's type", scalars.event_type)]
Locale = Annotated[Scalar, Names("a language", scalars.locale)]
Zone = Annotated[Scalar, Names("a time zone", scalars.zone)]
TimeOfDay = Annotated[time, Reads("a time of day", scalars.time_of_day, pattern(r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"))]
Day = Annotated[date, Reads("a day", scalars.day, pattern(r"^\d{4}-\d\d-\d\d$"))]
Moment = Annotated[datetime, Reads("a date and time", scalars.moment, pattern(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$"))]
Instant = Annotated[datetime, Reads("a moment", scalars.instant, pattern(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$"))]
CronOrMoment = Annotated[str | datetime, Reads("a cron line or a date and time", scalars.cron_or_moment)]
Span = Annotated[Duration, Reads("a duration", scalars.span, pattern(_SPAN))]
Offset = Annotated[Duration, Reads("a duration", scalars.offset, pattern(_SPAN.replace("^", "^[+-]?")))]
OffsetDays = Annotated[int, Reads("a number of days or weeks", scalars.offset_days, pattern(r"^[+-]?([0-9]+[dw])+$"))]
Expires = Annotated[Expiry, Reads("a duration or end_of_day", scalars.expiry, pattern(rf"{_SPAN}|^end_of_day$"))]
Again = Annotated[ReEntry, Reads("always, never or after DURATION", scalars.re_entry, pattern(r"^(always|never|after .+)$"))]
LimitText = Annotated[Limit, Reads("a limit", scalars.limit, pattern(r"^\s*[1-9][0-9]*\s+per\s+(day|week|month|([0-9]+(w|d|h|m|s))+)\s*$"))]
Share = Annotated[Fraction, Reads("a share", scalars.share, pattern(r"^[0-9]+(\.[0-9]+)? *%$"))]
Rate = Annotated[float, Reads("a rate", scalars.rate, pattern(r"^[0-9.]+ */ *[smh]$"))]
Factor = Annotated[float, Reads("a factor", scalars.factor, {"type": "number", "exclusiveMinimum": 1})]
MailDomain = Annotated[Scalar, Names("a domain", scalars.mail_domain)]
Whole = Annotated[int, Reads("a whole number", scalars.whole, {"type": "integer"})]
Truth = Annotated[bool, Reads("true or false", scalars.truth, {"enum": [True, False, "yes", "no", "on", "off"]})]
Weekday = Annotated[int, Reads("a day of the week", scalars.weekday, {"enum": list(scalars.WEEKDAYS)})]
Country = Annotated[str, Reads("a country", scalars.country, pattern("^[A-Za-z]{2}$"))]

Limits = Annotated[Annotated[LimitText, Tag(TEXT)] | Annotated[list[LimitText], Field(min_length=1), Tag(LIST)], Discriminator(shape)]
"""One limit, or a list of them."""


def as_tuple(value: Any) -> tuple[Any, ...]:
    """One thing, or a list of them, or nothing, as a tuple."""
    match value:
        case None:
            return ()
        case list():
            return tuple(value)
        case _:
            return (value,)


@dataclass(slots=True)
class Reading:
    """What a file's validation remembers beside its result: which model each map was read as, by the map's identity."""

    sections: dict[int, type[Section]]


class Section(BaseModel):
    """A map with known keys. `called` is its title in the reference; `later` are keys that are not built yet, and are refused as such.

    `others` says in the reference what keys beside the known ones are, where any are allowed: their type, default and meaning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    called: ClassVar[str] = ""
    later: ClassVar[frozenset[str]] = frozenset()
    others: ClassVar[str] = "text |  | The adapter's own keys"

    _place: Place = PrivateAttr(default_factory=lambda: NOWHERE)
    _keys: Mapping[str, Place] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _remember(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if isinstance(value, Map) and isinstance(info.context, Reading):
            info.context.sections[id(value)] = cls
        section = handler(value)
        if isinstance(value, Map):
            section._place = value.place  # noqa: SLF001 - a validator of the class itself; pydantic gives it no `self`
            section._keys = {str(key): key.place for key in value.written()}  # noqa: SLF001 - likewise
        return section

    @property
    def place(self) -> Place:
        """Where the section begins."""
        return self._place

    def place_of(self, key: str) -> Place:
        """Where a key of it stands; the section's own place where it was not written."""
        return self._keys.get(key, self._place)

    def says(self, key: str) -> bool:
        """Whether the key was written."""
        return key in self._keys

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that may stand here, as written in YAML."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def one_key_of(*kinds: str, called: str, later: frozenset[str] = frozenset()) -> Callable[[object], object]:
    """A check that a map has exactly one of these keys, which says what it is."""

    def check(value: object) -> object:
        if not isinstance(value, Map):
            raise complaint(f"{called} is a map with one of {', '.join(kinds)}")
        found = [key for key in value if key in kinds]
        for key in value:
            if key in later:
                raise not_built(key)
        if len(found) > 1:
            raise complaint(f"{called} is one thing: `{found[0]}` and `{found[1]}` cannot stand together", key=found[1])
        if not found:
            raise _no_kind(value, kinds, called)
        return value

    return check


def not_built(key: str) -> PydanticCustomError:
    """The refusal of what is part of the campaign language and comes with a later release."""
    return complaint(f"`{key}` {NOT_BUILT}", key=key)


def kind_of(*kinds: str) -> Discriminator:
    """Tells a union's models apart by the key that says what a map is; its tags are `<key>`, which no key can be."""
    return Discriminator(lambda value: next((f"<{key}>" for key in kinds if isinstance(value, Map) and key in value), None))


def _no_kind(value: Map, kinds: tuple[str, ...], called: str) -> PydanticCustomError:
    for key in value:
        meant = nearest(key, kinds)
        if meant is not None:
            return complaint(f"unknown key `{key}`", key=key, suggestion=meant)
    return complaint(f"{called} needs one of {', '.join(kinds)}")
