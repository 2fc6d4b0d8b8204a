"""2d Migration: a run of an old version, and the new one that says `on_edit: migrate` -> the run as it goes on there. Pure.

A run goes on at the same step. Where its step is gone it goes on at the next one of the old version that is still there, and where
none is it ends. What it waits for it keeps waiting for: a delivery that was asked for goes out, and then the run goes on after the
new place of its step; a wait counts by its new span from when it began. Variables are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import final

from engage.model.campaign import Campaign
from engage.model.run import Run
from engage.model.steps import Call, Send, Step
from engage.planning.acting import answer_key
from engage.planning.correspondence import correspondence
from engage.planning.positions import END, name_of, position_after, step_at


class Fate(StrEnum):
    """What becomes of a run when its campaign is edited."""

    STAYS = "stays"  # in its version: the new one does not say `on_edit: migrate`
    MOVES = "moves"  # to the same step of the new version
    MOVES_ON = "moves_on"  # to the next step that is still there, as its own is gone
    ENDS = "ends"  # as no step behind it is there either
    STOPS = "stops"  # as its campaign is gone, or a draft again: what it would still send is cancelled


@final
class Passage:
    """The way from one version of a campaign to another: worked out once for all runs that go it."""

    def __init__(self, old: Campaign, new: Campaign) -> None:
        self._old = old
        self._new = new
        self._pairs = correspondence(old.steps, new.steps)

    @property
    def pairs(self) -> Mapping[str, str]:
        """The path of each old step that is still there -> its path in the new version."""
        return self._pairs

    def landing(self, position: str) -> tuple[str, Fate]:
        """Where a run at that position of the old version goes on in the new one."""
        if position == END or position in self._pairs:
            return self._pairs.get(position, END), Fate.MOVES
        following = position
        while following != END:
            following = position_after(self._old.steps, following)
            if following in self._pairs:
                return self._pairs[following], Fate.MOVES_ON
        return END, Fate.ENDS

    def migrated(self, run: Run, *, now: datetime) -> Run:
        """The run in the new version, to be advanced at once. `now` is when it goes on where its step is gone."""
        position, fate = self.landing(run.position)
        moved = replace(run, version=self._new.version, position=position)
        before, after = step_at(self._old.steps, run.position), step_at(self._new.steps, position)
        if run.outcome is not None and before is not None:
            moved = self._after_delivery(moved, before, after if fate is Fate.MOVES else None)
        elif fate is not Fate.MOVES and run.waiting_for is not None:
            moved = replace(moved, waiting_for=None, since=now)
        return moved

    def _after_delivery(self, run: Run, before: Step, after: Step | None) -> Run:
        """A run whose delivery or call is final: its step reads the outcome; where it cannot any more, the run goes on behind it."""
        variables = dict(run.variables)
        answer = variables.pop(answer_key(name_of(before)), None)
        match before, after:
            case Call(), Call():
                return replace(run, variables={**variables, answer_key(name_of(after)): answer})
            case Send(), Send() if name_of(before) == name_of(after) or not (_by_several(before) or _by_several(after)):
                return run
        if isinstance(before, Send | Call) and before.as_ is not None:
            variables[before.as_] = answer if isinstance(before, Call) else run.outcome
        position = run.position if after is None else position_after(self._new.steps, run.position)
        return replace(run, position=position, outcome=None, waiting_for=None, part=0, variables=variables)


def _by_several(send: Send) -> bool:
    """Whether it makes more deliveries than one, which it knows by its name."""
    return send.by_all or send.fallback is not None
