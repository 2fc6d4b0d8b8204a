"""A message that was handed over, as its recipient comes back to it by a link: delivery row and touch, read together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`channel` is the name of the channel it went by. `address_key` is the hash of the address, for all who share it.

    `private` is what was kept of its text (`subject`, `text`, `html`); empty where that was erased or has expired.
    `at` is when it was taken, `handed_over_at` when its hand-off began. `fixed`: it went to staff, and is only about the contact.
    """

    delivery_id: int
    contact_id: int
    campaign: str
    version: str
    message: str
    purpose: str
    channel: str
    at: datetime
    run_id: int | None = None
    step: str | None = None
    address_key: str | None = None
    locale: str | None = None
    private: Mapping[str, object] = field(default_factory=dict, repr=False)
    provider: str | None = None
    handed_over_at: datetime | None = None
    fixed: bool = False
