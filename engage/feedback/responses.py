"""What comes in: a provider's report, a mail that bounced or answers, a link that was followed, as one noun."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final

from engage.model.contact import ChannelKind
from engage.model.history import Kind
from engage.model.responses import RESPONSES

BY_MACHINES = frozenset({Kind.OPENED, Kind.CLICKED, Kind.REPLIED})
"""What scanners, prefetching mailboxes and absence notes do too."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One thing that came back of one message. Told twice, or in any order, it comes to the same.

    The message is that of `delivery_id`; without it, the last one which went to the contact (external id, email or phone): of that
    `message`, by the `channel` where that is given; or of whoever has that address, the one of its provider's `provider_id`.
    `at` is when it happened, aware, by whoever tells it.

    `reason` says of a bounce how bad it is: an enhanced status code (RFC 3463: `5.1.1`, `4.2.2`) or one of `hard`, `soft`, `full`,
    `blocked`; None: hard. `text` is a reply's, personal. A `machine` opened, clicked or answered by itself: kept, never counted.
    `id` is its name at whoever tells it: what is told twice by one name is one, whenever it is told.
    `purpose` and `by` are of an unsubscription from something else than what the message was about and came by.
    """

    kind: Kind
    at: datetime
    delivery_id: int | None = None
    message: str | None = None
    contact: str | None = None
    channel: str | None = None
    url: str | None = None
    text: str | None = field(default=None, repr=False)
    reason: str | None = None
    machine: bool = False
    source: str = "provider"
    purpose: str | None = None
    by: ChannelKind | None = None
    id: str | None = None
    provider_id: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in RESPONSES:
            raise ValueError(f"{self.kind} is nothing that comes back of a message")
        if self.machine and self.kind not in BY_MACHINES:
            raise ValueError(f"what a machine does by itself is never {self.kind}")
        if self.delivery_id is None and (self.contact is None or (self.message is None and self.provider_id is None)):
            raise ValueError("a response names a delivery, or a message and a contact")
        if self.at.tzinfo is None:
            raise ValueError("a response's moment is aware")


class Taken(StrEnum):
    """What became of a response. UNMATCHED: nothing of ours that was handed over is known by that name."""

    NEW = "new"
    KNOWN = "known"
    UNMATCHED = "unmatched"
