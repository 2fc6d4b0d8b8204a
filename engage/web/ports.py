"""What the web needs of the rest: somewhere to put events, letters and their links, the consent ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from engage.contacts.ports import Ledger, People
from engage.feedback import Feedback
from engage.hooks import Hooks
from engage.model.contact import Contact, Event
from engage.model.letter import Letter
from engage.model.time import Clock
from engage.model.workspace import Workspace


class Intake(Protocol):
    """Where events go."""

    def take(self, event: Event) -> bool:
        """Take it in with all that it brings about, committed when this returns; False where its id was taken before."""
        ...

    def told(self) -> None:
        """All events of a request are in: whoever does what they brought about may be nudged."""
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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an application is made of.

    `api_key` None refuses every request to the API.
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
    feedback: Feedback
    hooks: Hooks
    problems: Callable[[], Sequence[str]]
    away: Sequence[type[Exception]] = ()
    api_key: str | None = None
    metrics: Callable[[str], tuple[bytes, str]] | None = None
    metrics_key: str | None = None
