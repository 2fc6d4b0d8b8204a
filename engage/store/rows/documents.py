"""What a touch tells, as JSON: mappings of a few texts, by the thousand. They stand as they are, as Cyrillic would be twice as long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring


def json_text(value: Mapping[str, object]) -> str:
    """The mapping as JSON that can be encoded, whatever is in it."""
    try:
        pieces = _pieces(value)
    except UnicodeEncodeError:  # half of a pair, which somebody sent as JSON
        pieces = None
    return json.dumps(value if isinstance(value, dict) else dict(value)) if pieces is None else f"{{{','.join(pieces)}}}"


def quoted_json(text: str | None) -> str:
    """A text, or nothing, as JSON."""
    return "null" if text is None else encode_basestring(text)


def _pieces(value: Mapping[str, object]) -> list[str] | None:
    """What stands between the commas; None where not all of it is text. Raises UnicodeEncodeError where it cannot be encoded."""
    out: list[str] = []
    for name, each in value.items():
        if each is not None and not isinstance(each, str):
            return None
        out.append(f"{_encodable(quoted_json(name))}:{_encodable(quoted_json(each))}")
    return out


def _encodable(text: str) -> str:
    if not text.isascii():
        text.encode()
    return text
