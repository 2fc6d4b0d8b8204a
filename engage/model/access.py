"""Who may use the API: keys that programs send along, each with a role, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final


class Role(StrEnum):
    """What a key is for. No role holds another: `sender` writes and reads nobody's history, `viewer` reads and writes nothing."""

    ADMIN = "admin"
    MARKETER = "marketer"
    SENDER = "sender"
    VIEWER = "viewer"


class Task(StrEnum):
    """What the API does, as far as it makes a difference who asks."""

    TELL = "tell"  # events, contacts, consents
    READ = "read"  # contacts, their history, figures
    SEND = "send"  # single messages, enrolments
    SEE_MESSAGE = "see_message"  # what became of a single message
    STEER = "steer"  # pause and resume
    APPROVE = "approve"


ALLOWED: dict[Task, tuple[Role, ...]] = {
    Task.TELL: (Role.SENDER, Role.MARKETER, Role.ADMIN),
    Task.READ: (Role.VIEWER, Role.MARKETER, Role.ADMIN),
    Task.SEND: (Role.SENDER, Role.MARKETER, Role.ADMIN),
    Task.SEE_MESSAGE: (Role.SENDER, Role.VIEWER, Role.MARKETER, Role.ADMIN),
    Task.STEER: (Role.MARKETER, Role.ADMIN),
    Task.APPROVE: (Role.ADMIN,),
}
"""Which roles may do what."""

USUAL_RATE = 100.0
"""Requests a second of a key that was given no rate of its own."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, as far as it is known once it was shown: its text is kept by nobody. `id` 0: the one of the environment.

    `rate` is in requests a second. `ending` are the last characters of its text, to tell keys apart by. Moments are of the machine
    clock; `last_used_at` is exact to a minute.
    """

    id: int
    name: str
    role: Role
    rate: float = USUAL_RATE
    ending: str = field(default="", compare=False)
    created_at: datetime | None = field(default=None, compare=False)
    expires_at: datetime | None = field(default=None, compare=False)
    revoked_at: datetime | None = field(default=None, compare=False)
    last_used_at: datetime | None = field(default=None, compare=False)
    expired: bool = field(default=False, compare=False)

    def may(self, task: Task) -> bool:
        """Whether its role allows that."""
        return self.role in ALLOWED[task]
