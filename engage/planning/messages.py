"""2b A single message that a program asks for, to one contact, without a campaign -> the delivery that it becomes. Pure.

It takes the same way as all others from there: the same decision, limits, quiet hours, consent, expiry, history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, final

from engage.model.contact import Contact
from engage.model.delivery import DeliveryState
from engage.model.errors import EngageError
from engage.model.localtime import add_everywhere, known
from engage.model.time import Duration
from engage.model.values import pack
from engage.model.workspace import Settings
from engage.planning.requests import NewDelivery

NO_CAMPAIGN = ""
"""What stands for the campaign, its version and its step in a delivery that has none."""

TAKEN_BACK = "taken_back"
"""The reason of the touch of a message that was taken back."""

USUAL_EXPIRY = Duration(days=7)
USUAL_PRIORITY = 5


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMessage:
    """What is asked for. `send_at` None: now. `channels` is the order of preference, as in a campaign; `values` JSON, as by `with`."""

    contact: Contact
    message: str
    purpose: str
    channels: tuple[str, ...]
    values: Mapping[str, object] = field(default_factory=dict)
    send_at: datetime | None = None
    expires: Duration = USUAL_EXPIRY
    priority: int = USUAL_PRIORITY


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestName:
    """An Idempotency-Key: whose it is, what it says, and a hash of what is asked under it."""

    key_id: int
    name: str
    fingerprint: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSeen:
    """What has become of a single message so far. `reason` is that of its last touch, `hold` of what it waits for people."""

    id: int
    contact: str
    message: str
    purpose: str
    state: DeliveryState
    channels: tuple[str, ...]
    channel: str | None
    send_at: datetime
    due_at: datetime
    expires_at: datetime
    hold: str | None
    reason: str | None


class RequestRepeated(EngageError):
    """The same Idempotency-Key was used for something else before."""


class RequestUnderWay(EngageError):
    """What was asked under this Idempotency-Key is being done at this moment."""


class MessageGone(EngageError):
    """A message that cannot be taken back any more; `state` is the one that it is in."""

    def __init__(self, state: DeliveryState) -> None:
        super().__init__(state.value)
        self.state = state


class Messages(Protocol):
    """Single messages. Each call is one transaction, committed when it returns."""

    def ask(self, new: NewDelivery, *, request: RequestName | None) -> tuple[MessageSeen, bool]:
        """Make the row; as it was then, and whether it is new. Under a RequestName that is known it is made but once.

        Raises RequestRepeated, RequestUnderWay.
        """
        ...

    def seen(self, message_id: int) -> MessageSeen | None:
        """The single message of that id; None where there is none."""
        ...

    def take_back(self, message_id: int, *, now: datetime, by: str) -> MessageSeen | None:
        """Cancel it while it waits, with a touch that says by whom; None where there is none. Safe to repeat.

        Raises MessageGone where its hand-off has begun, or it has ended otherwise.
        """
        ...


def delivery_of_message(asked: AskedMessage, *, settings: Settings, now: datetime) -> NewDelivery:
    """The delivery that it becomes: due when it is to be sent, and to nobody but the contact."""
    due, purpose = max(asked.send_at or now, now), settings.purposes[asked.purpose]
    return NewDelivery(
        run_id=None, campaign=NO_CAMPAIGN, version=NO_CAMPAIGN, step=NO_CAMPAIGN, message=asked.message, purpose=purpose.name,
        contact_id=asked.contact.id, queue=purpose.queue, channels=asked.channels, intended_at=due, due_at=due,
        expires_at=add_everywhere(due, asked.expires, known(asked.contact.zones, settings.timezone)), priority=asked.priority,
        on_unknown=purpose.on_unknown, values={name: pack(value) for name, value in asked.values.items()},
    )


def staff_channel(channels: Sequence[str], settings: Settings) -> str | None:
    """The first of the channels that is staff's, by which no contact is reached; None where there is none."""
    return next((name for name in channels if name in settings.channels and settings.channels[name].to is not None), None)
