"""What the hooks need of the rest: somewhere to put what they say, a memory of what came, and the network, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from engage.feedback import Response, Taken
from engage.feedback.texts import IncomingText, TextAnswer
from engage.model.contact import ChannelKind, Event, Value
from engage.model.errors import EngageError
from engage.model.hooks import Hook


class Unreachable(EngageError):
    """What had to be fetched could not be: the source should post the same again."""


class Intake(Protocol):
    """Where events go."""

    def take(self, event: Event) -> bool:
        """Take it in with all that it brings about, committed when this returns; False where its id was taken before."""
        ...

    def told(self) -> None:
        """All events of a request are in."""
        ...


class Responses(Protocol):
    """Where what became of messages goes."""

    def take(self, responses: Sequence[Response], *, now: datetime) -> Sequence[Taken]:
        """Write what they come to, all or nothing; what became of each."""
        ...


class Memory(Protocol):
    """What came before, and people as hooks tell of them. Each call is one transaction."""

    def has_seen(self, source: str, mark: str, *, since: datetime) -> bool:
        """Whether the same request came since then."""
        ...

    def keep(self, source: str, mark: str, *, now: datetime) -> None:
        """Remember that it came. Safe to repeat. What is older than a day is forgotten."""
        ...

    def tell(self, source: str, subject: str, attributes: Mapping[str, Value], *, at: datetime, now: datetime) -> int:
        """Change the contact, or make it, but for attributes that this source told of the subject by a later `at`; whose id it is.

        Raises InputError where nothing tells who it is, or several share the address.
        """
        ...

    def contact_by(self, kind: ChannelKind, address: str) -> int | None:
        """The contact that has this address; None where nobody, or more than one, has it."""
        ...


class Texts(Protocol):
    """Where goes what people write back."""

    def take(self, text: IncomingText, *, now: datetime) -> TextAnswer:
        """Take it in: a STOP, or an answer to what was sent last; and what is to be answered. Safe to repeat."""
        ...


class Network(Protocol):
    """The one thing that is ever fetched: what SNS signs with, and its confirmations."""

    def get(self, url: str) -> bytes:
        """What stands there: by https, without redirects, of 64 KB at most. Raises Unreachable."""
        ...


class TooMany(Exception):
    """The source posts more than its `rate`: this request was not taken, and may come again in so many seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"in {wait:.1f} s")
        self.wait = wait


class Rates(Protocol):
    """How often each hook is used, by all processes together."""

    def wait(self, hook: Hook) -> float:
        """Count a request that has proven itself: in how many seconds it may be taken (0: now)."""
        ...
