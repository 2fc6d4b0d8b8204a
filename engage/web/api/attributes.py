"""A contact's attributes as JSON: the built-in ones and those that engage.yaml declares, each as the document describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from engage.contacts.normalise import LONGEST_IDENTITY, LONGEST_TEXT, MOST_ITEMS, normalise
from engage.contacts.places import Unusable
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, Value
from engage.web.api.fields import SCHEMAS, Body, Moment
from engage.web.bodies import escaped
from engage.web.problems import Problem

TEXT = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
ITEM = r"^[^;\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
PHONE = r"^\+[1-9][0-9]{6,14}$"
LOCALE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$"
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\uffff-]+"
_LABEL = r"[A-Za-z0-9\u00a1-\uffff]([A-Za-z0-9\u00a1-\uffff-]{0,61}[A-Za-z0-9\u00a1-\uffff])?"
EMAIL = rf"^{_WORD}(\.{_WORD})*@({_LABEL}\.)+[A-Za-z\u00a1-\uffff]{{2,63}}$"
ZONE = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"
LARGEST = 1e15
LONGEST_ITEM = 1_000
"""Characters: a list of as many items as there may be fits into a body."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(raw: object) -> date:
    if not isinstance(raw, str) or not _DAY.fullmatch(raw):
        raise ValueError("a date is text such as 1992-02-29")
    return date.fromisoformat(raw)


class MoneyIn(Body):
    """An amount of money."""

    amount: Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$")]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217")]


BY_KIND: Mapping[AttributeKind, Any] = {
    AttributeKind.TEXT: Annotated[str, Field(max_length=LONGEST_TEXT, pattern=TEXT)],
    AttributeKind.NUMBER: Annotated[float, Field(ge=-LARGEST, le=LARGEST)] | Annotated[int, Field(ge=-int(LARGEST), le=int(LARGEST))],
    AttributeKind.BOOLEAN: bool,
    AttributeKind.DATE: Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})],
    AttributeKind.DATETIME: Moment,
    AttributeKind.LIST: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_ITEM, pattern=ITEM)]], Field(max_length=MOST_ITEMS)
    ],
    AttributeKind.MONEY: MoneyIn,
}

SPECIAL: Mapping[str, Any] = {
    "email": Annotated[str, Field(max_length=254, pattern=EMAIL)],
    "phone": Annotated[str, Field(pattern=PHONE, description="E.164: +38640123456")],
    "chat_id": Annotated[str, Field(max_length=LONGEST_IDENTITY, pattern=TEXT)],
    "locale": Annotated[str, Field(pattern=LOCALE, description="BCP 47: sl, uz-Cyrl")],
    "timezone": Annotated[str, Field(max_length=64, pattern=ZONE, description="An IANA name: Europe/Ljubljana")],
    "country": Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")],
}


def attributes_model(declared: Mapping[str, AttributeKind]) -> type[BaseModel]:
    """What a contact may be told to have. `external_id` is not among them: it stands in the address. Null clears."""
    return _model(tuple(sorted(declared.items())))


@lru_cache(maxsize=8)
def _model(declared: tuple[tuple[str, AttributeKind], ...]) -> type[BaseModel]:
    kinds = {**BUILT_IN_ATTRIBUTES, **dict(declared)}
    fields = {
        f"field_{number}": ((SPECIAL[name] if name in SPECIAL and name not in dict(declared) else BY_KIND[kind]) | None,
                            Field(default=None, alias=name))
        for number, (name, kind) in enumerate(kinds.items()) if name != "external_id"
    }  # a declared name may be any word, also one that pydantic would mind
    made: type[BaseModel] = create_model("Attributes", __config__=ConfigDict(extra="forbid", strict=True), **fields)  # type: ignore[call-overload]  # its fields are not known before
    return made


def read_attributes(given: BaseModel, declared: Mapping[str, AttributeKind]) -> dict[str, Value]:
    """The typed values, normalised as on import. Raises Problem 409 with all that nobody can have."""
    kinds = {**BUILT_IN_ATTRIBUTES, **declared}
    named = {str(type(given).model_fields[field].alias): getattr(given, field) for field in given.model_fields_set}
    country = named.get("country")
    found: dict[str, Value] = {}
    errors = []
    for name, raw in named.items():
        try:
            found[name] = _value(name, kinds[name], raw, country)
        except Unusable as error:
            errors.append({"detail": f"{name}: {error}", "pointer": f"/attributes/{escaped(name)}"})
    if errors:
        raise Problem(409, "; ".join(str(error["detail"]) for error in errors), errors=errors)
    return found


def _value(name: str, kind: AttributeKind, raw: Any, country: str | None) -> Value:
    match raw:
        case bool() | int() | float():
            return raw
        case MoneyIn():
            money: Value = normalise(name, kind, f"{raw.amount} {raw.currency}")
            return money
        case _:
            return normalise(name, kind, raw, country=country)


def described(declared: Mapping[str, AttributeKind]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of it for the document, by name."""
    schema = attributes_model(declared).model_json_schema(ref_template=SCHEMAS + "{model}")
    yield from schema.pop("$defs", {}).items()
    schema["description"] = "What a contact has; what is left out stays as it is, null clears."
    yield "Attributes", schema

