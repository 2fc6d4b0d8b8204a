"""An explanation as data: why one contact would or would not get one campaign, asked at one moment. Its JSON is docs/explaining.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from engage.model.delivery import Check
from engage.rules.expressions import Clause


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `passed` None: it is told, and decides nothing. `at`: the moment that it is about."""

    name: str
    why: str
    passed: bool | None = None
    at: datetime | None = None
    clauses: tuple[Clause, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Journeying:
    """One run of the contact: where it is, what it waits for and until when, what it has been told by `as`."""

    key: str
    state: str
    entered_at: datetime
    intended_at: datetime
    step: str | None
    waits: str
    until: datetime | None
    trigger: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_under_way(self) -> bool:
        """Whether anything may still come of it."""
        return self.state == "active"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NextSend:
    """The next message, and what would be decided about it at `asked_at`: every check of every channel, whichever of them decides.

    `answer` is the decision in words, `outcome` its kind (send, defer, hold, suppressed, expired, cancelled); `goes_at` when it would
    go; None: it would not.
    """

    step: str
    message: str
    due_at: datetime
    asked_at: datetime
    expires_at: datetime
    outcome: str
    answer: str
    channel: str | None
    goes_at: datetime | None
    checks: tuple[Check, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A step that the contact would take if nothing else happened, and when."""

    step: str
    what: str
    at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """When a message of the campaign could go to the contact next; `at` None: no such moment can be told, and `why`."""

    at: datetime | None
    why: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All of it. `answer` says it in a sentence; `enters_at` is when the trigger lets the contact in next, where time alone tells."""

    campaign: str
    title: str
    contact: str
    at: datetime
    zone: str
    answer: str
    state: Sequence[Finding]
    trigger: str
    entering: Sequence[Finding]
    in_audience: bool
    clauses: Sequence[Clause]
    shares: Sequence[Finding]
    runs: Sequence[Journeying]
    enters_at: datetime | None
    ahead: Sequence[Ahead]
    next_send: NextSend | None
    chance: Chance
