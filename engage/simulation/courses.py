"""Runs under way x an edited workspace -> what will become of them: by the very code that moves them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from engage.model.campaign import Campaign, Status
from engage.model.steps import Step
from engage.model.under_way import Standing
from engage.model.workspace import Workspace
from engage.planning.migration import Fate, Passage
from engage.planning.positions import END, name_of, step_at
from engage.planning.versions import Versions
from engage.simulation.comparing import former_name


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What becomes of them. `step` and `to` are ids, else paths; `step` is the position itself where the version cannot be read.

    `campaign` is what it is called afterwards.
    """

    campaign: str
    version: str
    step: str
    runs: int
    fate: Fate
    to: str | None = None


def courses(standings: Iterable[Standing], running: Workspace, edited: Workspace, versions: Versions) -> Iterator[Course]:
    """What becomes of the runs of all campaigns that the edit changes, against what runs now."""
    successors = {former_name(each, running.campaigns, edited.campaigns): each for each in edited.campaigns.values()}
    for standing in standings:
        now, then = running.campaigns.get(standing.campaign), successors.get(standing.campaign)
        if now is None or then is None or (now.name, now.version, now.status) != (then.name, then.version, then.status):
            yield _course(standing, then, versions(standing.campaign, standing.version))


def _course(standing: Standing, then: Campaign | None, old: Campaign | None) -> Course:
    name = standing.campaign if then is None else then.name
    step = standing.position if old is None else _named(old, standing.position)
    facts = {"campaign": name, "version": standing.version, "step": step}
    if then is None or then.status is Status.DRAFT:
        return Course(fate=Fate.STOPS, runs=standing.runs, **facts)
    if old is None or not then.takes_over or old.version == then.version:
        return Course(fate=Fate.STAYS, runs=standing.runs, to=step, **facts)
    position, fate = Passage(old, then).landing(standing.position)
    return Course(fate=fate, runs=standing.runs, to=None if position == END else _named(then, position), **facts)


def _named(campaign: Campaign, position: str) -> str:
    step: Step | None = step_at(campaign.steps, position)
    return END if step is None else name_of(step)
