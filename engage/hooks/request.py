"""What came by HTTP, as a source reads it. The body is raw: signatures are over its very bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final
from urllib.parse import parse_qsl

from engage.model.errors import InputError

DEEPEST = 60
"""How deep a JSON body may be nested; what systems post is some five deep."""

_ODD = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\x00")
"""How a JSON text may hold what no text of a database can."""


def malformed(what: str) -> InputError:
    """The refusal of a body that its source cannot have meant so."""
    return InputError.of(what, file="hook")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """One POST. `url` is how the source addressed it: our `public_url`, the path and the query as they came. `headers` by lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    method: str = "POST"

    @property
    def query(self) -> Sequence[tuple[str, str]]:
        """The query's parameters, as they came."""
        return parse_qsl(self.url.partition("?")[2], keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """One parameter of the query."""
        return next((value for each, value in self.query if each == name), None)

    def header(self, name: str) -> str:
        """One header; empty where it did not come."""
        return self.headers.get(name.lower(), "")

    def json(self) -> Any:
        """The body as JSON. Raises InputError."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise malformed("the body is no JSON") from error
        if _too_deep(found, DEEPEST):
            raise malformed("the body is nested too deeply")
        return _storable(found) if _ODD.search(self.body) else found

    def record(self) -> Mapping[str, Any]:
        """The body as one JSON object. Raises InputError."""
        found = self.json()
        if not isinstance(found, dict):
            raise malformed("the body is no JSON object")
        return found

    def form(self) -> Sequence[tuple[str, str]]:
        """The body as the fields of a form, in their order. Raises InputError."""
        try:
            fields = parse_qsl(self.body.decode("utf-8"), keep_blank_values=True, max_num_fields=1_000)
        except ValueError as error:
            raise malformed("the body is no form") from error
        return fields


def storable(text: str) -> str:
    """The text as a database can keep it: what is no character (NUL, half of a pair) is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def _storable(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(name): _storable(each) for name, each in value.items()}
        case list():
            return [_storable(each) for each in value]
        case _:
            return value


def _too_deep(value: object, left: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_too_deep(each, left - 1) for each in inner)
