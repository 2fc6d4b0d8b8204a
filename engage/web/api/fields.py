"""Fields that the bodies and answers of the API share, each as it is read and as the document describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from engage.model.contact import Contact
from engage.model.errors import nearest
from engage.model.time import Duration
from engage.model.values import LARGEST, moment_text
from engage.planning.incoming import EARLIEST_YEAR, LATEST_YEAR
from engage.web.ports import Site
from engage.web.problems import Problem

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
"""Text of one line, without control characters."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

SCHEMAS = "#/components/schemas/"
REFERS_TO = "x-refers-to"

NO_NUL = r"^[^\x00]*$"

JSON_SCHEMAS: dict[str, Any] = {
    "Json": {
        "title": "Json", "description": "Any JSON: text without NUL, numbers that fit 64 bits, nested at most 32 times.",
        "anyOf": [
            {"type": "null"}, {"type": "boolean"}, {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
            {"type": "string", "pattern": NO_NUL}, {"type": "array", "items": {"$ref": "#/components/schemas/Json"}},
            {"$ref": "#/components/schemas/Fields"},
        ],
    },
    "Fields": {
        "title": "Fields", "type": "object", "additionalProperties": {"$ref": "#/components/schemas/Json"},
        "propertyNames": {"pattern": NO_NUL},
    },
}


def refers_to(name: str) -> WithJsonSchema:
    """That the document describes it under that name: pydantic resolves references to what it made alone (`resolved`)."""
    return WithJsonSchema({REFERS_TO: name})


def resolved(schema: Any) -> Any:
    """The schema with all such references as JSON Schema has them."""
    match schema:
        case {"x-refers-to": name, **rest}:
            return {"$ref": f"{SCHEMAS}{name}", **resolved(rest)}
        case Mapping():
            return {key: resolved(value) for key, value in schema.items()}
        case list():
            return [resolved(each) for each in schema]
        case _:
            return schema


class Body(BaseModel):
    """What comes in: nothing unknown, nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _moment(raw: object) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if not isinstance(raw, str) or not _RFC3339.fullmatch(raw):
        raise ValueError("a moment is text such as 2026-02-28T09:00:00Z, with its offset from UTC")
    at = datetime.fromisoformat(raw.upper())
    try:
        return at.astimezone(UTC)
    except OverflowError:  # in the first or the last hours of all years
        return at.replace(tzinfo=UTC)


Moment = Annotated[
    datetime, BeforeValidator(_moment), PlainSerializer(moment_text), WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, in UTC once it is read (RFC 3339)."""

Reference = Annotated[str, Field(
    min_length=1, max_length=320, pattern=LINE,
    description="A contact: its external id, else its email address, else its phone number; or #12, our own number.",
)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=LINE)]
Remark = Annotated[str, Field(min_length=1, max_length=2000, pattern=LINE)]
Fields = Annotated[dict[str, Any], refers_to("Fields")]


def _span(raw: object) -> object:
    return Duration.parse(raw) if isinstance(raw, str) and re.fullmatch(SPAN, raw) else raw


SPAN = r"^[1-9][0-9]{0,2}(mo|w|d|h|m)$"
Span = Annotated[Duration, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": SPAN})]
"""How long: 30m, 12h, 3d, 2w, 1mo."""


def contact_named(site: Site, reference: str) -> Contact:
    """The contact. Raises Problem 404; InputError where several share the address."""
    found = site.people.find(reference)
    if found is None:
        raise Problem(404, f"there is no contact {reference!r}")
    return found


def known_name(what: str, name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """The name, where it is known. Raises Problem 404."""
    if name not in known:
        meant = nearest(name, known)
        raise Problem(404, f"there is no {what} {name!r}" + (f"; did you mean {meant}?" if meant else ""))
    return name


def within_years(what: str, at: datetime) -> datetime:
    """The moment, where a clock of ours may show it. Raises Problem 409."""
    if not EARLIEST_YEAR <= at.year < LATEST_YEAR:
        raise Problem(409, f"`{what}` lies in the year {at.year}, which no clock of ours shows")
    return at
