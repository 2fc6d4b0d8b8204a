"""What a delivery is called by others: fixed by the row's id and the installation's secret, so that it never changes over retries."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIdentity:
    """Ids that nobody can guess of another delivery. `domain` stands behind the Message-ID's `@` (RFC 5322, section 3.6.4)."""

    secret: bytes = field(repr=False)
    domain: str

    def message_id(self, delivery_id: int) -> str:
        """The Message-ID, with its angle brackets."""
        return f"<{self.idempotency_key(delivery_id)}@{self.domain}>"

    def idempotency_key(self, delivery_id: int) -> str:
        """The Idempotency-Key, as the providers that know such keys expect it."""
        mac = hmac.new(self.secret, f"delivery:{delivery_id}".encode(), sha256).hexdigest()
        return f"d{delivery_id}.{mac[:20]}"
