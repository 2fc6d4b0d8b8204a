"""CloudEvents over HTTP in the binary mode: attributes in `ce-…` headers, the data as the body -> the structured form of the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

PREFIX = "ce-"
SIGN = "ce-specversion"


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the headers say that the body is an event's data alone."""
    return SIGN in headers


def structured(headers: Mapping[str, str], data: Any) -> dict[str, Any]:
    """The event in its structured form. Values of headers are percent-encoded (CloudEvents HTTP binding 1.0.2, section 3.1.3.2)."""
    attributes = {name.removeprefix(PREFIX): unquote(value) for name, value in headers.items() if name.startswith(PREFIX)}
    return {**attributes, "data": data}
