"""What deliveries and calls are called by others: by the row's id and the installation's secret, so that it never changes over retries."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import final

from engage.model.keyed import Keyed

DIGITS = 19
"""Of the largest number that a row can have."""

_KEYS = re.compile(r"(?<![0-9A-Za-z])d[1-9][0-9]{0,18}\.[0-9a-f]{20}(?![0-9a-f])", re.ASCII)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIdentity:
    """Ids that nobody can guess of another delivery. `domain` stands behind the Message-ID's `@` (RFC 5322, section 3.6.4)."""

    secret: bytes = field(repr=False)
    domain: str

    def names(self, delivery_id: int) -> tuple[str, str]:
        """The Message-ID, with its angle brackets, and the Idempotency-Key, as the providers that know such keys expect it."""
        key = f"d{delivery_id}.{self._mark('delivery', delivery_id)}"
        return f"<{key}@{self.domain}>", key

    def delivery_of(self, key: str) -> int | None:
        """Whose Idempotency-Key that is; None where it is none that we signed."""
        number, dot, mark = key.partition(".")
        digits = number.removeprefix("d")
        if not dot or digits == number or not (digits.isascii() and digits.isdecimal()) or len(digits) > DIGITS:
            return None
        return int(digits) if hmac.compare_digest(mark.encode(), self._mark("delivery", int(digits)).encode()) else None

    def delivery_in(self, text: str) -> int | None:
        """Whose Idempotency-Key or Message-ID stands in the text; None where it holds none that we signed."""
        return next((number for key in _KEYS.findall(text) if (number := self.delivery_of(key)) is not None), None)

    def call_key(self, call_id: int) -> str:
        """The Idempotency-Key of a call of the step `call`."""
        return f"c{call_id}.{self._mark('call', call_id)}"

    def _mark(self, what: str, number: int) -> str:
        return _keyed(self.secret, what).code(b"%d" % number).hex()


@lru_cache(maxsize=64)
def _keyed(secret: bytes, what: str) -> Keyed:
    return Keyed(secret, f"{what}:".encode(), size=10)
