"""A message of which nobody knows whether its provider has it: what the provider can be asked by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A message of which nobody knows whether its provider has it, by all that the provider may know it by.

    `around` is when its hand-off began.
    """

    address: str = field(repr=False)
    message_id: str
    idempotency_key: str
    around: datetime
