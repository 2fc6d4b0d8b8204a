"""The body of a request as JSON, strictly (RFC 8259): what no database of ours could keep is refused here, in one place.

JSON has no NaN; a key stands once in an object; text has no NUL and no half of a surrogate pair; numbers fit 64 bits; nothing is
nested deeper than 32 times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar, final

from engage.model.values import LARGEST

Number = TypeVar("Number", int, float)

DEEPEST = 32
LONGEST_NUMBER = 40
"""Characters of a number."""


@final
class BadBody(Exception):
    """Not JSON (400), or JSON that nothing can be done with (422); the text says what, and where."""

    def __init__(self, status: int, what: str, pointer: str = "") -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.pointer = pointer


def read_json(body: bytes) -> Any:
    """The value. Raises BadBody."""
    try:
        value = json.loads(
            body.decode(), parse_constant=_constant, parse_int=_integer, parse_float=_fraction, object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise BadBody(400, f"the body is not UTF-8, at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadBody(400, f"the body is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise BadBody(422, f"the body is nested more than {DEEPEST} times") from error
    _look(value, "", 1)
    return value


def has_odd_text(text: str) -> bool:
    """Whether it holds NUL or half of a surrogate pair: no database of ours keeps either."""
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _constant(word: str) -> NoReturn:
    raise BadBody(400, f"the body is not JSON: there is no {word} in it")


def _integer(text: str) -> int:
    return _fitting(int(text) if len(text) <= LONGEST_NUMBER else LARGEST + 1)


def _fraction(text: str) -> float:
    return _fitting(float(text))


def _fitting(number: Number) -> Number:
    if not -LARGEST <= number <= LARGEST:
        raise BadBody(422, "a number in the body does not fit 64 bits")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadBody(400, f"a key stands twice in an object of the body: {twice[:100]!r}")
    return found


def _look(value: Any, pointer: str, depth: int) -> None:
    if depth > DEEPEST:
        raise BadBody(422, f"the body is nested more than {DEEPEST} times")
    match value:
        case str() if has_odd_text(value):
            raise BadBody(422, "text holds NUL, or half of a surrogate pair", pointer)
        case Mapping():
            for name, each in value.items():
                if has_odd_text(name):
                    raise BadBody(422, "the name of a field holds NUL, or half of a surrogate pair", pointer)
                _look(each, f"{pointer}/{escaped(name)}", depth + 1)
        case list():
            for place, each in enumerate(value):
                _look(each, f"{pointer}/{place}", depth + 1)


def escaped(part: object) -> str:
    """A part of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
