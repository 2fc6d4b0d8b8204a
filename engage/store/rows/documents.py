"""What a touch tells, and the text that was sent with it, as JSON: mappings of texts by the thousand.

Letters of one template share most of their stretches (`engage.model.stretches`), and what was said as JSON before is not said anew:
that takes a quarter of the time. Texts stand as they are, as a page of Cyrillic would be twice as long escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import final

from engage.model.stretches import Stretches

MOST_KEPT = 4096
"""Stretches: those of some hundred templates, and what a batch of letters has beside."""

LONGEST_KEPT = 16 * 1024
MOST_CHARACTERS = 4 * 1024 * 1024


def json_text(value: Mapping[str, object]) -> str:
    """The mapping as JSON that can be encoded, whatever is in it."""
    try:
        pieces = _pieces(value)
    except UnicodeEncodeError:  # half of a pair, which somebody sent as JSON
        pieces = []
    return "".join(pieces) if pieces else json.dumps(value if isinstance(value, dict) else dict(value))


def quoted_json(text: str | None) -> str:
    """A text, or nothing, as JSON."""
    return "null" if text is None else encode_basestring(text)


def _pieces(value: Mapping[str, object]) -> list[str]:
    """What to join; nothing where not all of it is text. Raises UnicodeEncodeError where it cannot be encoded."""
    out, before = list[str](), "{"
    for name, each in value.items():
        if isinstance(each, Stretches):
            out.append(f'{before}"{_SAID[name]}":"')
            out += map(_SAID.__getitem__, each.stretches)
            out.append('"')
        elif each is None or isinstance(each, str):
            out.append(f'{before}"{_SAID[name]}":{_encodable(quoted_json(each))}')
        else:
            return []
        before = ","
    return [*out, "}"] if out else ["{}"]


def _encodable(text: str) -> str:
    if not text.isascii():
        text.encode()
    return text


@final
class _Said(dict[str, str]):
    """Stretches as they stand in JSON, each made when it is met first; when it is too much to keep, all is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._characters = 0

    def __missing__(self, stretch: str) -> str:
        said = _encodable(encode_basestring(stretch)[1:-1])
        if len(said) > LONGEST_KEPT:
            return said
        if len(self) >= MOST_KEPT or self._characters > MOST_CHARACTERS:
            self.clear()
            self._characters = 0
        self[stretch] = said
        self._characters += len(said)
        return said


_SAID = _Said()
