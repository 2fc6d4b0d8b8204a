"""What the web needs of the rest: somewhere to put events and messages, people, their consents and history, campaigns, letters, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from engage.contacts.ports import Ledger, People
from engage.feedback import Feedback
from engage.feedback.lookout import Lookout
from engage.history.report import Reports
from engage.history.timeline import History
from engage.hooks import Hooks
from engage.model.access import Key
from engage.model.campaign import Campaign
from engage.model.contact import Contact, Event
from engage.model.letter import Letter
from engage.model.time import Clock
from engage.model.workspace import Channel, Purpose, Queue, Workspace
from engage.planning.enrolling import Fate
from engage.planning.messages import Messages


class Intake(Protocol):
    """Where events go."""

    def take(self, event: Event) -> bool:
        """Take it in with all that it brings about, committed when this returns; False where its id was taken before.

        One that is about somebody who was erased is not kept, and False.
        """
        ...

    def take_all(self, events: Sequence[Event]) -> Sequence[bool]:
        """The same of many, an answer for each, in the order given."""
        ...

    def trace(self) -> str | None:
        """Under which trace the request is recorded, for what comes of it; None where it is not."""
        ...

    def told(self, *, queue: Queue | None = None) -> None:
        """Something may be due: whoever does it may be nudged; of a queue, whoever sends what is in it."""
        ...


class Letters(Protocol):
    """Messages that were handed over."""

    def letter(self, delivery_id: int) -> Letter | None:
        """The message of that delivery; None where there is none, or it was never handed over."""
        ...

    def trigger(self, run_id: int) -> Mapping[str, object]:
        """What the run of that id began with, as JSON; empty where it is not kept any more."""
        ...

    def reader(self, contact_id: int) -> Contact | None:
        """The contact of that id."""
        ...


class Keys(Protocol):
    """Who may use the API."""

    def known(self, text: str) -> Key | None:
        """The key of that text; None where there is none, it has expired, or was revoked."""
        ...


class Rates(Protocol):
    """How often a key is used."""

    def take(self, key: Key) -> tuple[int, float]:
        """Count a request: how many more may come within the second, and in how many seconds this one may (0: now)."""
        ...


class Steering(Protocol):
    """What people and programs do with campaigns."""

    def enroll(self, campaign: Campaign, contact_ids: Sequence[int], *, data: Mapping[str, object], key: str) -> Mapping[int, Fate]:
        """Let those named enter, under the key; what became of each."""
        ...

    def pause(self, campaign: str) -> None:
        """Stop its entries and hand-offs."""
        ...

    def resume(self, campaign: str) -> None:
        """Take a pause back."""
        ...

    def approve(self, campaign: str) -> None:
        """Let it go though it reached more people than `guards.max_audience`."""
        ...


class Drafts(Protocol):
    """Messages as they would be rendered."""

    def messages(self) -> Sequence[str]:
        """The names of all messages of the workspace."""
        ...

    def troubles(
        self, message: str, channels: Sequence[Channel], *, contact: Contact, purpose: Purpose, values: Mapping[str, object], now: datetime,
    ) -> Sequence[str]:
        """What keeps it from being sent to the contact by these channels, a sentence each."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an application is made of.

    `problems` tells what keeps this process from serving: a database that is away, a workspace never accepted.
    `away` are the errors that say that the database does not answer: what was asked may be asked again.
    `metrics` makes the text of `/metrics` and its Content-Type, by the Accept header; with `metrics_key` it is for who has that key.
    """

    workspace: Callable[[], Workspace]
    clock: Clock
    secret: bytes
    intake: Intake
    letters: Letters
    people: People
    ledger: Ledger
    history: History
    feedback: Feedback
    lookout: Lookout
    hooks: Hooks
    keys: Keys
    rates: Rates
    steering: Steering
    messages: Messages
    drafts: Drafts
    reports: Reports
    problems: Callable[[], Sequence[str]]
    away: Sequence[type[Exception]] = ()
    metrics: Callable[[str], tuple[bytes, str]] | None = None
    metrics_key: str | None = None
