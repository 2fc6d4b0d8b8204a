"""2b Endings: where a plain send is the last step, there is nothing to ask of a run once that is final: all of them end at once. Pure.

It comes to what `engage.planning.journeys` comes to run by run; whatever asks something of the contact, or of the run on its way, is
left to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from engage.model.campaign import Campaign, ExitWhen
from engage.model.steps import every_send
from engage.model.workspace import Workspace
from engage.planning.positions import END, position_after


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A version of a campaign, and the path of a send after which nothing comes."""

    campaign: str
    version: str
    position: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AtItsEnd:
    """A run that is there, locked, with the outcome of that send."""

    run_id: int
    ending: Ending


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the messages of some runs came to, at that moment, handed off at that one. The runs are locked, and under way.

    Of them some are at their end, and the others go on from there. `left`: of how many more another transaction holds the rows; these
    are told another time.
    """

    at: datetime
    outcome: str
    handed_off_at: datetime | None
    at_end: Sequence[AtItsEnd]
    others: Sequence[int]
    left: int


class Ends(Protocol):
    """What ending many runs at once needs of a store, in one transaction with all else."""

    def runs_at_their_end(self, endings: Sequence[Ending], *, now: datetime, limit: int) -> Sequence[AtItsEnd]:
        """Those of the oldest `limit` due runs that are at one of these, and of people who are there; locked, none that others hold."""
        ...

    def take_outcome(self, endings: Sequence[Ending], *, now: datetime) -> Outcome | None:
        """What a slice of messages came to, taken from those that no run was told yet, that nobody else takes; None where there is none."""
        ...

    def end_runs(self, run_ids: Sequence[int], *, now: datetime, told: Outcome | None = None) -> None:
        """Finish these, each with its touch; `told`: with what their message came to, where they do not say so yet."""
        ...

    def wake_runs(self, run_ids: Sequence[int], *, told: Outcome) -> None:
        """Make these due, with what their message came to."""
        ...


def endings_of(workspace: Workspace) -> tuple[Ending, ...]:
    """Those of the campaigns as they are now: a run of an older version may have to go over to this one first."""
    return tuple(ending for campaign in workspace.campaigns.values() for ending in _endings(campaign))


def _endings(campaign: Campaign) -> Iterator[Ending]:
    if any(isinstance(exit_, ExitWhen) for exit_ in campaign.exits):
        return
    for step in every_send(campaign.steps):
        is_plain = not step.by_all and step.fallback is None and step.as_ is None
        if is_plain and position_after(campaign.steps, step.path) == END:
            yield Ending(campaign=campaign.name, version=campaign.version, position=step.path)
