"""The steps of a campaign: what happens to a run, one after the other; and their walk, whatever they stand in.

`path` is a step's position: `0`, `2.then.0`, `2.else.1`, `3.arm1.0`; it is stable for one version of a campaign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, final

from engage.model.contact import ChannelKind, Value
from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.quiet_hours import QuietHoursLayer
from engage.model.time import Duration, EndOfDay
from engage.model.triggers import DayOff

Binding = Expression | Value | Mapping[str, "Binding"] | tuple["Binding", ...]
"""What stands in `with`, `set`, `data` and `to`: text is text, and `"{{ ... }}"` is an expression that keeps its type."""

Expiry = Duration | EndOfDay

Sign = Literal["delivered", "opened", "clicked"]
"""What may come back of a message, and tells that it arrived."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """`{first: [email, sms], fallback_after: 2h, unless: delivered}`: the next channel where no sign came in time."""

    after: Duration
    unless: Sign


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send a message by the first of `channels` by which this contact can and may be reached.

    `by_all`: by each of them, as one touch of every limit. `fallback`: by the first; by the next where no sign came in time.
    """

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    message: str
    channels: tuple[str, ...]
    by_all: bool = False
    fallback: Fallback | None = None
    purpose: str
    expires: Expiry
    quiet_hours: tuple[QuietHoursLayer, ...] = ()  # the campaign's layer, then the step's own
    to: Expression | str | None = None
    with_: Mapping[str, Binding] = field(default_factory=dict)
    as_: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait a span; it begins when the step before it is final."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    duration: Duration


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilTime:
    """Wait for the first match from now on of a wall time on one of `days` (Monday 0; `working`: not a day off)."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    at: time
    days: frozenset[int] | Literal["working"] | None = None
    day_off: DayOff | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilMoment:
    """Wait for a date or date-time given by an expression; where it has passed, or is missing, the wait ends at once."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    until: Expression
    offset: Duration | None = None
    at: time | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    """Wait for an event, at most `duration`; `as_` names the event, or none when time ran out."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    event: str
    where: Expression | None = None
    duration: Duration
    as_: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    """Go one of two ways."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    condition: Expression
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of a split. `weight` is its part of the sum of all weights."""

    weight: int
    steps: tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The last arm, `{winner: clicked, after: 4h}`: who falls to it waits, and takes the arm that did best.

    `weight` is what the others leave of a hundred.
    """

    sign: Sign
    after: Duration
    weight: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Go one of several ways, by shares: the same after re-entry, after a restart and on every machine."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    arms: tuple[Arm, ...]
    winner: Winner | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Write attributes of the contact."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    values: Mapping[str, Binding]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Consenting:
    """Write a line of the consent ledger; no `channel` means all kinds."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    purpose: str
    channel: ChannelKind | None = None
    granted: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Raise an event about the contact, which other campaigns may see."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    event: str
    data: Mapping[str, Binding] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A signed webhook to an endpoint of engage.yaml. `as_` names its JSON answer, or none where it failed for good."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None
    endpoint: str
    data: Mapping[str, Binding] = field(default_factory=dict)
    as_: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End the run here."""

    path: str
    place: Place
    id: str | None = None
    when: Expression | None = None


Step = Send | Wait | WaitUntilTime | WaitUntilMoment | WaitFor | If | Split | Set | Consenting | Emit | Call | Stop


def branches_of(step: Step) -> Mapping[str, tuple[Step, ...]]:
    """The ways that lead on inside a step, by their names in a path; empty where it has none."""
    match step:
        case If():
            return {"then": step.then, "else": step.otherwise}
        case Split():
            return {f"arm{number}": arm.steps for number, arm in enumerate(step.arms)}
        case _:
            return {}


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Each step in the order in which it is written, those inside another after it."""
    for step in steps:
        yield step
        for branch in branches_of(step).values():
            yield from every_step(branch)


def every_send(steps: Iterable[Step]) -> Iterator[Send]:
    """The sends among them."""
    return (step for step in every_step(steps) if isinstance(step, Send))
